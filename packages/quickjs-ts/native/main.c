// SPDX-License-Identifier: Apache-2.0
/*
 * The executable. As runner: `quickjs-ts BUNDLE.js ARGUMENT...` compiles and runs a bundle, its map beside it in BUNDLE.js.map.
 * With EMBEDDED, the build links a bundle's bytecode in (tools/compile/); the map is beside the executable.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
/* EXECUTABLE.map, which may be left out on the access point: positions are then those of the bundle. */
static void find_map(void) {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 5);
  if (size < 0) return;
  strcpy(path + size, ".map");
  map_source(path);
}

static int run(JSContext *context, int argc, char **argv) {
  release_code();
  find_map();
  JS_SetModuleLoaderFunc(runtime.js, NULL, load_embedded, NULL);
  for (uint32_t index = 0; index < embedded_entries; index++) {
    JSValue module = read_embedded(context, index);
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

static int run(JSContext *context, int argc, char **argv) {
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

JSRuntime *ready_engine(JSRuntime *js) {
  if (!js) abort();
  JS_SetMaxStackSize(js, STACK_SIZE);
  JS_SetGCThreshold(js, GC_THRESHOLD);
  return js;
}

JSContext *new_context(JSRuntime *js) {
  JSContext *context = JS_NewContextRaw(js);
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
  runtime.js = ready_engine(JS_NewRuntime());
  runtime.context = new_context(runtime.js);
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
