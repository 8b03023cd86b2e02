// SPDX-License-Identifier: Apache-2.0
/*
 * Memory for one short task, which is given back all at once: a range of addresses, of which the kernel backs what was touched. An engine in here leaves no
 * holes in the heap of the program, and needs no taking apart, whatever the C library's allocator is.
 *
 * Blocks have classes of sizes, four to each power of two; what is freed is used again for its class.
 */
#include <string.h>
#include <sys/mman.h>
#include "region.h"

enum { SMALLEST = 16, CLASSES = 104 };
/* Of addresses, not of memory; more than the longest policy takes. */
static const size_t RESERVED = sizeof(void *) == 8 ? 512u << 20 : 128u << 20;

struct Region { uint8_t *next, *end; void *released[CLASSES]; };
/* Before each block: its class. */
typedef struct Head { uint64_t class; } Head;

static size_t size_of(unsigned class) {
  return (((size_t)SMALLEST << class / 4) / 4 * (4 + class % 4) + 7) & ~(size_t)7;
}

static unsigned class_of(size_t size) {
  unsigned class = 0;
  while (class + 4 < CLASSES && size_of(class + 4) < size) class += 4;
  while (class + 1 < CLASSES && size_of(class) < size) class++;
  return class;
}

static Head *head_of(const void *block) {
  return (Head *)block - 1;
}

static size_t usable(const void *block) {
  return block ? size_of(head_of(block)->class) : 0;
}

static void *take(JSMallocState *state, size_t size) {
  Region *region = state->opaque;
  unsigned class = class_of(size);
  size_t whole = size_of(class);
  void *block = region->released[class];
  if (whole < size) return NULL;
  if (block) {
    region->released[class] = *(void **)block;
  } else {
    if ((size_t)(region->end - region->next) < whole + sizeof(Head)) return NULL;
    *(Head *)region->next = (Head){ class };
    block = region->next + sizeof(Head);
    region->next += whole + sizeof(Head);
  }
  state->malloc_count++;
  state->malloc_size += whole;
  return block;
}

static void release(JSMallocState *state, void *block) {
  if (!block) return;
  Region *region = state->opaque;
  unsigned class = head_of(block)->class;
  state->malloc_count--;
  state->malloc_size -= size_of(class);
  *(void **)block = region->released[class];
  region->released[class] = block;
}

static void *resize(JSMallocState *state, void *block, size_t size) {
  if (block && size > 0 && size <= usable(block) && size > usable(block) / 2) return block;
  void *other = size > 0 ? take(state, size) : NULL;
  if (size > 0 && !other) return NULL;
  if (other && block) memcpy(other, block, usable(block) < size ? usable(block) : size);
  release(state, block);
  return other;
}

const JSMallocFunctions region_functions = { .js_malloc = take, .js_free = release, .js_realloc = resize, .js_malloc_usable_size = usable };

Region *region_new(void) {
  uint8_t *all = mmap(NULL, RESERVED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED) return NULL;
  madvise(all, RESERVED, MADV_NOHUGEPAGE);
  Region *region = (Region *)all;
  region->next = all + ((sizeof *region + 15) & ~(size_t)15);
  region->end = all + RESERVED;
  return region;
}

void region_free(Region *region) {
  munmap(region, RESERVED);
}
