// SPDX-License-Identifier: Apache-2.0
/*
 * `bytecode DIRECTORY ENTRIES NAME...`, for the machine that builds: compiles each module DIRECTORY/NAME to bytecode, DIRECTORY/NAME.bin, and writes
 * DIRECTORY/modules.S, the table that embedded.c reads (its first ENTRIES modules are evaluated) with DIRECTORY/NAME.deflate in it. The engine is a part of this
 * file, as its functions are known nowhere else.
 */
#include "quickjs.c"
#include "engine.h"

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static FILE *open_in(const char *directory, const char *name, const char *suffix, const char *mode) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s%s", directory, name, suffix) >= (int)sizeof path) fail(name);
  FILE *file = fopen(path, mode);
  if (!file) fail(path);
  return file;
}

static char *read_script(const char *directory, const char *name, size_t *size) {
  FILE *file = open_in(directory, name, "", "rb");
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  char *text = calloc(1, *size + 1);
  if (!text || fread(text, 1, *size, file) != *size) fail(name);
  fclose(file);
  return text;
}

static int nothing(JSContext *context, JSModuleDef *module) {
  return 0;
}

/* Compiling asks for imported modules, but not for what is in them. */
static JSModuleDef *load_nothing(JSContext *context, const char *name, void *unused) {
  return JS_NewCModule(context, name, nothing);
}

/*
 * Names and scopes of local variables serve eval, which these programs do not have, and one error message; in memory they take 20 bytes each, a twentieth of all.
 * Later releases need them to run.
 */
static void forget_variables(JSValueConst value) {
#if QUICKJS_RELEASE <= 20250426
  if (JS_VALUE_GET_TAG(value) != JS_TAG_FUNCTION_BYTECODE) return;
  JSFunctionBytecode *function = JS_VALUE_GET_PTR(value);
  function->vardefs = NULL;
  for (int i = 0; i < function->cpool_count; i++) forget_variables(function->cpool[i]);
#endif
}

static size_t compile(const char *directory, const char *name) {
  /* A runtime each: a module of the same name that another one imported would stand in its way. */
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *context = JS_NewContext(runtime);
  engine_strip_source(runtime);
  JS_SetModuleLoaderFunc(runtime, NULL, load_nothing, NULL);
  size_t size;
  char *text = read_script(directory, name, &size);
  JSValue module = JS_Eval(context, text, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(module)) {
    const char *message = JS_ToCString(context, JS_GetException(context));
    fprintf(stderr, "%s: %s\n", name, message);
    exit(1);
  }
  forget_variables(((JSModuleDef *)JS_VALUE_GET_PTR(module))->func_obj);
  uint8_t *bytes = JS_WriteObject(context, &size, module, JS_WRITE_OBJ_BYTECODE);
  FILE *file = open_in(directory, name, ".bin", "wb");
  if (!bytes || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) fail(name);
  return size; /* the process ends soon: nothing is freed */
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: %s DIRECTORY ENTRIES NAME...\n", argv[0]), 2;
  const char *directory = argv[1];
  FILE *table = open_in(directory, "modules", ".S", "w");
  fprintf(table, ".section .rodata.modules,\"a\"\n.balign 4\n.globl embedded_count\nembedded_count: .long %d\n", argc - 3);
  fprintf(table, ".globl embedded_entries\nembedded_entries: .long %d\n.globl embedded_modules\nembedded_modules:\n", atoi(argv[2]));
  for (int i = 3; i < argc; i++) fprintf(table, ".long name%d - embedded_modules, data%d - embedded_modules, end%d - data%d, %zu\n", i, i, i, i, compile(directory, argv[i]));
  for (int i = 3; i < argc; i++) fprintf(table, "name%d: .asciz \"%s\"\ndata%d: .incbin \"%s/%s.deflate\"\nend%d:\n", i, argv[i], i, directory, argv[i], i);
  fputs(".section .note.GNU-stack,\"\",%progbits\n", table);
  if (fclose(table) != 0) fail("modules.S");
  return 0;
}
