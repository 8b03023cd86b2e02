// SPDX-License-Identifier: Apache-2.0
/*
 * The modules inside the executable; and apart(), which runs one of them in an engine of its own. What is large and seldom needed leaves no memory behind that way:
 * the engine cannot forget a module that was loaded.
 */
#include <string.h>
#include <sys/mman.h>
#include "region.h"

#ifdef EMBEDDED
/*
 * Defined by the assembler file that tools/compile/gateway.ts writes: the modules of the program, the first ones being its entries, in the order in which
 * they are evaluated. Offsets are from the table's beginning; bytecode is compressed (DEFLATE), `size` bytes there and `full_size` when decoded.
 */
typedef struct Embedded { uint32_t name, data, size, full_size; } Embedded;
extern const Embedded embedded_modules[];
extern const uint32_t embedded_count;

static const char *embedded_name(const Embedded *module) {
  return (const char *)embedded_modules + module->name;
}

JSValue read_embedded(JSContext *context, uint32_t index) {
  const Embedded *module = &embedded_modules[index];
  /* Pages of their own, given back once the engine has copied what it needs. */
  uint8_t *bytecode = mmap(NULL, module->full_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytecode == MAP_FAILED) return JS_ThrowOutOfMemory(context);
  bool whole = inflate_all((const uint8_t *)embedded_modules + module->data, module->size, bytecode, module->full_size);
  JSValue value = whole ? JS_ReadObject(context, bytecode, module->full_size, JS_READ_OBJ_BYTECODE) : JS_ThrowInternalError(context, "%s: damaged inside the executable", embedded_name(module));
  munmap(bytecode, module->full_size);
  return value;
}

/* -1 with a ReferenceError thrown: there is none of that name. */
static int find_embedded(JSContext *context, const char *name) {
  for (uint32_t index = 0; index < embedded_count; index++)
    if (strcmp(embedded_name(&embedded_modules[index]), name) == 0) return index;
  JS_ThrowReferenceError(context, "%s: not inside the executable", name);
  return -1;
}

/* What the program imports, statically or when it needs it. */
JSModuleDef *load_embedded(JSContext *context, const char *name, void *unused) {
  int index = find_embedded(context, name);
  if (index < 0) return NULL;
  JSValue value = read_embedded(context, index);
  if (JS_IsException(value)) return NULL;
  JSModuleDef *module = JS_VALUE_GET_PTR(value);
  JS_FreeValue(context, value); /* the context holds it */
  return module;
}

/* What was thrown, or the reason of the module's promise. */
static JSValue failure(JSContext *context, JSValue result) {
  if (JS_IsException(result)) return JS_GetException(context);
  JSValue reason = JS_PromiseState(context, result) == JS_PROMISE_REJECTED ? JS_PromiseResult(context, result) : JS_UNDEFINED;
  JS_FreeValue(context, result);
  return reason;
}

/* The global `output` after the module was evaluated with the global `input`. */
static JSValue evaluate_apart(JSContext *context, const char *name, JSValue input) {
  JSValue global = JS_GetGlobalObject(context);
  JS_SetPropertyStr(context, global, "input", input);
  int index = find_embedded(context, name);
  JSValue module = index < 0 ? JS_EXCEPTION : read_embedded(context, index);
  JSValue reason = failure(context, JS_IsException(module) ? module : JS_EvalFunction(context, module));
  JSValue output = JS_IsUndefined(reason) ? JS_GetPropertyStr(context, global, "output") : JS_Throw(context, reason);
  JS_FreeValue(context, global);
  return output;
}

/* In terms of `context`: what came out of the module, or its problem thrown. */
static JSValue run_apart(JSContext *context, JSContext *inside, const char *name, const char *input, size_t size) {
  JSValue output = evaluate_apart(inside, name, JS_NewStringLen(inside, input, size));
  bool failed = JS_IsException(output);
  if (failed) output = JS_GetException(inside);
  const char *text = failed || JS_IsString(output) ? JS_ToCStringLen(inside, &size, output) : NULL;
  if (!text) return JS_ThrowInternalError(context, "%s: no text came out", name);
  return failed ? JS_ThrowInternalError(context, "%s: %s", name, text) : JS_NewStringLen(context, text, size);
}

/* apart(MODULE, INPUT) -> OUTPUT, both texts. The module imports nothing and waits for nothing; what it throws is thrown here as Error with the same message. */
static JSValue js_apart(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  size_t size;
  const char *name = JS_ToCString(context, arguments[0]), *input = name ? JS_ToCStringLen(context, &size, arguments[1]) : NULL;
  Region *region = input ? region_new() : NULL;
  release_code(); /* else the engine beside ours makes this the moment at which the program takes the most */
  JSValue result = region ? run_apart(context, new_context(ready_engine(JS_NewRuntime2(&region_functions, region))), name, input, size) : input ? JS_ThrowOutOfMemory(context) : JS_EXCEPTION;
  if (region) region_free(region); /* the engine with all that it has */
  JS_FreeCString(context, input);
  JS_FreeCString(context, name);
  return result;
}
#else
static JSValue js_apart(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  return JS_ThrowReferenceError(context, "no modules are inside this program");
}
#endif

const Export embedded_exports[] = { { "apart", 2, js_apart }, { 0 } };
