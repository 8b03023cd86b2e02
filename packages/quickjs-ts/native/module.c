// SPDX-License-Identifier: Apache-2.0
/* The module "securebox:native": every function that the TypeScript wrappers in ../src/quickjs use. */
#include <mbedtls/version.h>
#include "runtime.h"

static const Export *const all[] = { loop_exports, stream_exports, listen_exports, resolve_exports, process_exports, signal_exports, file_exports,
                                     watch_exports, crypto_exports, key_exports, text_exports, stack_exports, memory_exports, embedded_exports };
enum { GROUPS = sizeof all / sizeof *all };

/* setErrorClass(PlatformError): what error_new constructs */
static JSValue js_set_error_class(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  JS_FreeValue(context, runtime.error_class);
  runtime.error_class = JS_DupValue(context, arguments[0]);
  return JS_UNDEFINED;
}

static int fill(JSContext *context, JSModuleDef *module) {
  for (int group = 0; group < GROUPS; group++)
    for (const Export *each = all[group]; each->name; each++)
      JS_SetModuleExport(context, module, each->name, JS_NewCFunction(context, each->function, each->name, each->length));
  JS_SetModuleExport(context, module, "setErrorClass", JS_NewCFunction(context, js_set_error_class, "setErrorClass", 1));
#ifdef MBEDTLS_SSL_PROTO_TLS1_3
  return JS_SetModuleExport(context, module, "hasTls13", JS_TRUE);
#else
  return JS_SetModuleExport(context, module, "hasTls13", JS_FALSE);
#endif
}

JSModuleDef *native_module(JSContext *context) {
  timer_class(context);
  stream_class(context);
  socket_classes(context);
  watch_class(context);
  JSModuleDef *module = JS_NewCModule(context, "securebox:native", fill);
  for (int group = 0; group < GROUPS; group++)
    for (const Export *each = all[group]; each->name; each++) JS_AddModuleExport(context, module, each->name);
  JS_AddModuleExport(context, module, "setErrorClass");
  JS_AddModuleExport(context, module, "hasTls13");
  return module;
}
