// SPDX-License-Identifier: Apache-2.0
/*
 * The executable. As runner: `quickjs-ts BUNDLE.js ARGUMENT...` compiles and runs a bundle, its map beside it in BUNDLE.js.map.
 * With EMBEDDED, the build links a bundle's bytecode in (tools/compile/); the map is beside the executable.
 * `quickjs-ts --compile BUNDLE.js OUTPUT NAME` writes that bytecode.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "engine.h"
#include "runtime.h"

enum { STACK_SIZE = 512 * 1024, GC_THRESHOLD = 512 * 1024 };

static void evaluate(JSContext *context, JSValue module) {
  JSValue result = JS_IsException(module) ? module : JS_EvalFunction(context, module);
  if (JS_IsException(result)) fatal_exception();
  /* The module's promise: when it rejects, the rejection is reported like any other. */
  JS_FreeValue(context, result);
}

#ifdef EMBEDDED
/*
 * Defined by the assembler file that tools/compile/gateway.ts writes: the modules of the program, the first ones being its entries, in the order in which
 * they are evaluated. Offsets are from the table's beginning; bytecode is compressed (DEFLATE), `size` bytes there and `full_size` when decoded.
 */
typedef struct Embedded { uint32_t name, data, size, full_size; } Embedded;
extern const Embedded embedded_modules[];
extern const uint32_t embedded_count, embedded_entries;

static const char *embedded_name(const Embedded *module) {
  return (const char *)embedded_modules + module->name;
}

/* EXECUTABLE.map, which may be left out on the access point: positions are then those of the bundle. */
static void find_map(void) {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 5);
  if (size < 0) return;
  strcpy(path + size, ".map");
  map_source(path);
}

static JSValue read_embedded(JSContext *context, const Embedded *module) {
  /* Pages of their own, given back once the engine has copied what it needs. */
  uint8_t *bytecode = mmap(NULL, module->full_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytecode == MAP_FAILED) return JS_ThrowOutOfMemory(context);
  bool whole = inflate_all((const uint8_t *)embedded_modules + module->data, module->size, bytecode, module->full_size);
  JSValue value = whole ? JS_ReadObject(context, bytecode, module->full_size, JS_READ_OBJ_BYTECODE) : JS_ThrowInternalError(context, "%s: damaged inside the executable", embedded_name(module));
  munmap(bytecode, module->full_size);
  return value;
}

/* What the program imports, statically or when it needs it. */
static JSModuleDef *load_embedded(JSContext *context, const char *name, void *unused) {
  for (uint32_t index = 0; index < embedded_count; index++) {
    if (strcmp(embedded_name(&embedded_modules[index]), name) != 0) continue;
    JSValue value = read_embedded(context, &embedded_modules[index]);
    if (JS_IsException(value)) return NULL;
    JSModuleDef *module = JS_VALUE_GET_PTR(value);
    JS_FreeValue(context, value); /* the context holds it */
    return module;
  }
  JS_ThrowReferenceError(context, "%s: not inside the executable", name);
  return NULL;
}

static int run(JSContext *context, int argc, char **argv) {
  release_code();
  find_map();
  JS_SetModuleLoaderFunc(runtime.js, NULL, load_embedded, NULL);
  for (uint32_t index = 0; index < embedded_entries; index++) {
    JSValue module = read_embedded(context, &embedded_modules[index]);
    if (!JS_IsException(module) && JS_ResolveModule(context, module) < 0) module = JS_EXCEPTION;
    evaluate(context, module);
  }
  release_code();
  loop_run();
  return 0;
}
#else
static char *read_text(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  char *text = malloc(*size + 1);
  if (text && fread(text, 1, *size, file) != *size) *size = 0;
  if (text) text[*size] = 0;
  fclose(file);
  return text;
}

static JSValue compile(JSContext *context, const char *path, const char *name) {
  size_t size;
  char *text = read_text(path, &size);
  if (!text) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(2);
  }
  JSValue module = JS_Eval(context, text, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  free(text);
  return module;
}

static int nothing(JSContext *context, JSModuleDef *module) {
  return 0;
}

/* Compiling asks for imported modules, but not for what is in them. */
static JSModuleDef *load_nothing(JSContext *context, const char *name, void *unused) {
  return JS_NewCModule(context, name, nothing);
}

static int write_bytecode(JSContext *context, const char *bundle, const char *output, const char *name) {
  engine_strip_source(runtime.js);
  JS_SetModuleLoaderFunc(runtime.js, NULL, load_nothing, NULL);
  JSValue module = compile(context, bundle, name);
  if (JS_IsException(module)) return fatal_exception(), 1;
  size_t size;
  uint8_t *bytes = JS_WriteObject(context, &size, module, JS_WRITE_OBJ_BYTECODE);
  JS_FreeValue(context, module);
  FILE *file = bytes ? fopen(output, "wb") : NULL;
  bool written = file && fwrite(bytes, 1, size, file) == size;
  if (file && fclose(file) != 0) written = false;
  js_free(context, bytes);
  if (!written) perror(output);
  return written ? 0 : 1;
}

static int run(JSContext *context, int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "--compile") == 0) return write_bytecode(context, argv[2], argv[3], argv[4]);
  if (argc < 2) return fprintf(stderr, "usage: %s BUNDLE.js [ARGUMENT...]\n", argv[0]), 2;
  char map[4096];
  snprintf(map, sizeof map, "%s.map", argv[1]);
  map_source(map);
  engine_strip_source(runtime.js);
  evaluate(context, compile(context, argv[1], argv[1]));
  loop_run();
  return 0;
}
#endif

/* Descriptors are bounded by what the system allows (the hard limit), not by a default of 1024 that old programs need. */
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  runtime.descriptor_limit = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static JSContext *new_context(void) {
  JSContext *context = JS_NewContextRaw(runtime.js);
  if (!context) abort();
  JS_AddIntrinsicBaseObjects(context);
  JS_AddIntrinsicDate(context);
#ifndef EMBEDDED
  JS_AddIntrinsicEval(context);
#endif
  JS_AddIntrinsicRegExpCompiler(context);
  JS_AddIntrinsicRegExp(context);
  JS_AddIntrinsicJSON(context);
  JS_AddIntrinsicProxy(context);
  JS_AddIntrinsicMapSet(context);
  JS_AddIntrinsicTypedArrays(context);
  JS_AddIntrinsicPromise(context);
  engine_intrinsics(context);
  return context;
}

int main(int argc, char **argv) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 64 * 1024);
  mallopt(M_TOP_PAD, 16 * 1024);
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
#endif
  runtime.argc = argc;
  runtime.argv = argv;
#ifdef EMBEDDED
  runtime.own_arguments = 1;
#else
  runtime.own_arguments = 2;
#endif
  runtime.js = JS_NewRuntime();
  if (!runtime.js) abort();
  JS_SetMaxStackSize(runtime.js, STACK_SIZE);
  JS_SetGCThreshold(runtime.js, GC_THRESHOLD);
  runtime.context = new_context();
  raise_descriptor_limit();
  loop_init();
  call_init();
  signals_init();
  native_module(runtime.context);
  int code = run(runtime.context, argc, argv);
#ifdef FREE_ON_EXIT
  loop_free();
  signals_free();
  call_free();
  JS_FreeContext(runtime.context);
  JS_FreeRuntime(runtime.js);
#endif
  return runtime.exiting ? runtime.exit_code : code;
}
