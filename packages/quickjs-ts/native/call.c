// SPDX-License-Identifier: Apache-2.0
/* From C into JavaScript. Nothing is swallowed: an exception in a callback or job, or a rejected promise without handler, ends the process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine.h"
#include "runtime.h"

struct Runtime runtime;

/* Promises rejected so far without a handler; judged when the jobs of this turn are done, as a handler may be added until then. */
typedef struct Rejection {
  struct list_head link;
  JSValue promise, reason;
} Rejection;
static struct list_head rejections;

static void rejection_free(Rejection *rejection) {
  list_del(&rejection->link);
  JS_FreeValue(runtime.context, rejection->promise);
  JS_FreeValue(runtime.context, rejection->reason);
  free(rejection);
}

static Rejection *rejection_of(JSContext *context, JSValueConst promise) {
  struct list_head *element;
  list_for_each(element, &rejections) {
    Rejection *rejection = owner_of(element, Rejection, link);
    if (JS_VALUE_GET_PTR(rejection->promise) == JS_VALUE_GET_PTR(promise)) return rejection;
  }
  return NULL;
}

static void track_rejection(JSContext *context, JSValueConst promise, JSValueConst reason, JS_BOOL is_handled, void *opaque) {
  Rejection *known = rejection_of(context, promise);
  if (is_handled) {
    if (known) rejection_free(known);
    return;
  }
  Rejection *rejection = known ? NULL : malloc(sizeof *rejection);
  if (!rejection) return;
  rejection->promise = JS_DupValue(context, promise);
  rejection->reason = JS_DupValue(context, reason);
  list_add_tail(&rejection->link, &rejections);
}

/* ---- the end of the process ---- */

/* The process is about to end: what was printed must be out, whatever the descriptor's mode. */
static void print_error(const char *title, JSValueConst error) {
  JSContext *context = runtime.context;
  const char *text = JS_ToCString(context, error);
  if (!text) JS_FreeValue(context, JS_GetException(context));
  fprintf(stderr, "%s%s\n", title, text ? text : "an error that cannot be printed");
  JS_FreeCString(context, text);
  if (!JS_IsObject(error)) return;
  JSValue stack = JS_GetPropertyStr(context, error, "stack");
  const char *raw = JS_IsString(stack) ? JS_ToCString(context, stack) : NULL;
  char *mapped = raw ? map_stack(raw) : NULL;
  if (mapped) fputs(mapped, stderr);
  free(mapped);
  JS_FreeCString(context, raw);
  JS_FreeValue(context, stack);
}

#ifdef FREE_ON_EXIT
JSValue runtime_exit(int code) {
  runtime.exiting = true;
  runtime.exit_code = code;
  return engine_throw_uncatchable(runtime.context);
}
#else
JSValue runtime_exit(int code) {
  fflush(NULL);
  _exit(code);
}
#endif

static void fatal(const char *title, JSValueConst error) {
  if (runtime.exiting) return;
  print_error(title, error);
  runtime_exit(1);
  JS_FreeValue(runtime.context, JS_GetException(runtime.context));
}

void fatal_exception(void) {
  JSValue error = JS_GetException(runtime.context);
  fatal("uncaught ", error);
  JS_FreeValue(runtime.context, error);
}

/* ---- calls ---- */

void run_jobs(void) {
  JSContext *context;
  int status;
  while (!runtime.exiting && (status = JS_ExecutePendingJob(runtime.js, &context)) != 0)
    if (status < 0) fatal_exception();
  if (list_empty(&rejections) || runtime.exiting) return;
  Rejection *first = owner_of(rejections.next, Rejection, link);
  fatal("unhandled rejection: ", first->reason);
}

void call_function(JSValueConst function, JSValueConst self, int count, JSValue *arguments) {
  JSContext *context = runtime.context;
  JSValue result = JS_IsUndefined(function) || runtime.exiting ? JS_UNDEFINED : JS_Call(context, function, self, count, (JSValueConst *)arguments);
  for (int index = 0; index < count; index++) JS_FreeValue(context, arguments[index]);
  if (JS_IsException(result)) fatal_exception();
  JS_FreeValue(context, result);
  run_jobs();
}

void call_handler(JSValueConst handlers, const char *name, int count, JSValue *arguments) {
  JSContext *context = runtime.context;
  JSValue function = JS_GetPropertyStr(context, handlers, name);
  if (JS_IsException(function)) {
    fatal_exception();
    function = JS_UNDEFINED;
  }
  call_function(function, handlers, count, arguments);
  JS_FreeValue(context, function);
}

void call_init(void) {
  init_list_head(&rejections);
  runtime.error_class = JS_UNDEFINED;
  JS_SetHostPromiseRejectionTracker(runtime.js, track_rejection, NULL);
}

void call_free(void) {
  JS_SetHostPromiseRejectionTracker(runtime.js, NULL, NULL);
  while (!list_empty(&rejections)) rejection_free(owner_of(rejections.next, Rejection, link));
  JS_FreeValue(runtime.context, runtime.error_class);
}
