// SPDX-License-Identifier: Apache-2.0
/*
 * Memory on a small machine. The kernel maps sixteen pages of a program or library for each one that is touched, and all of them count as
 * resident; for code that mostly lies idle (the C library, mathematics, TLS) that is two thirds. Giving back what was touched at the start costs a page
 * fault from the page cache when the page is needed again. MADV_RANDOM keeps pages nobody asked for from being read into that cache; those that are there
 * are mapped in sixteens all the same.
 */
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#include "runtime.h"

static void advise(uintptr_t start, uintptr_t end) {
  uintptr_t page = sysconf(_SC_PAGESIZE);
  start &= ~(page - 1);
  end = (end + page - 1) & ~(page - 1);
  madvise((void *)start, end - start, MADV_RANDOM);
  madvise((void *)start, end - start, MADV_DONTNEED);
}

/* Segments that were never writable: their pages are those of the file, nothing can be lost. */
static int advise_object(struct dl_phdr_info *object, size_t size, void *unused) {
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
    uintptr_t start = object->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W)) advise(start, start + segment->p_memsz);
  }
  return 0;
}

void release_code(void) {
  dl_iterate_phdr(advise_object, NULL);
}

/* trim(): collects garbage and gives back what the allocator and the program's own pages can spare */
static JSValue js_trim(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  JS_RunGC(runtime.js);
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  release_code();
  return JS_UNDEFINED;
}

const Export memory_exports[] = { { "trim", 0, js_trim }, { 0 } };
