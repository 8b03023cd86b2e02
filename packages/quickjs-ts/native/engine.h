// SPDX-License-Identifier: Apache-2.0
/* What differs between releases of QuickJS, whose headers do not say which they are: the build defines QUICKJS_RELEASE, for example 20250426. */
#ifndef ENGINE_H
#define ENGINE_H
#include "quickjs.h"

static inline JSValue engine_uint8_array(JSContext *context, JSValueConst buffer) {
#if QUICKJS_RELEASE >= 20250426
  JSValueConst arguments[] = { buffer, JS_UNDEFINED, JS_UNDEFINED }; /* it reads three, whatever their count */
  return JS_NewTypedArray(context, 3, arguments, JS_TYPED_ARRAY_UINT8);
#else
  JSValue global = JS_GetGlobalObject(context), constructor = JS_GetPropertyStr(context, global, "Uint8Array");
  JSValue array = JS_CallConstructor(context, constructor, 1, &buffer);
  JS_FreeValue(context, constructor);
  JS_FreeValue(context, global);
  return array;
#endif
}

/* What came with a release, or has to be asked for in one only. */
static inline void engine_intrinsics(JSContext *context) {
#if QUICKJS_RELEASE >= 20250426
  JS_AddIntrinsicWeakRef(context);
#else
  JS_AddIntrinsicBigInt(context);
#endif
}

/* Functions without their source text, but with the positions of stacks. The older release can only leave out both. */
static inline void engine_strip_source(JSRuntime *js) {
#if QUICKJS_RELEASE >= 20250426
  JS_SetStripInfo(js, JS_STRIP_SOURCE);
#endif
}

#ifdef FREE_ON_EXIT
/* Throws what no JavaScript can catch, so that all of it is left. */
static inline JSValue engine_throw_uncatchable(JSContext *context) {
  JSValue error = JS_NewError(context);
#if QUICKJS_RELEASE > 20250426
  JS_Throw(context, error);
  JS_SetUncatchableException(context, 1);
#elif QUICKJS_RELEASE == 20250426
  JS_SetUncatchableError(context, error, 1);
  JS_Throw(context, error);
#else
#error "a build that frees everything at its end needs QuickJS 2025-04-26 or later"
#endif
  return JS_EXCEPTION;
}
#endif

#endif
