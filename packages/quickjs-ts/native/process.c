// SPDX-License-Identifier: Apache-2.0
/* Child processes, and what a process asks about itself. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime.h"

extern char **environ;
enum Mode { IGNORE, PIPE, INHERIT };

typedef struct Child {
  Handle handle;
  ChildWatch watch;
  JSValue exited;
} Child;

static void child_free(Child *child) {
  handle_deactivate(&child->handle);
  JS_FreeValue(runtime.context, child->exited);
  free(child);
}

static void dispose(Handle *handle) {
  child_free(owner_of(handle, Child, handle));
}

static void child_exited(ChildWatch *watch, int status) {
  JSContext *context = runtime.context;
  Child *child = owner_of(watch, Child, watch);
  JSValue exited = JS_DupValue(context, child->exited);
  child_free(child);
  JSValue arguments[2] = { WIFEXITED(status) ? JS_NewInt32(context, WEXITSTATUS(status)) : JS_NULL,
                           WIFSIGNALED(status) ? JS_NewString(context, signal_name(WTERMSIG(status))) : JS_NULL };
  call_function(exited, JS_UNDEFINED, 2, arguments);
  JS_FreeValue(context, exited);
}

/* An array of strings as execve(2) takes it; NULL when an element is no string. */
static char **strings_of(JSContext *context, JSValueConst array) {
  uint32_t length = 0;
  JSValue value = JS_GetPropertyStr(context, array, "length");
  JS_ToUint32(context, &length, value);
  char **strings = calloc((size_t)length + 1, sizeof *strings);
  for (uint32_t index = 0; strings && index < length; index++) {
    JSValue element = JS_GetPropertyUint32(context, array, index);
    const char *text = JS_ToCString(context, element);
    strings[index] = strdup(text ? text : "");
    JS_FreeCString(context, text);
    JS_FreeValue(context, element);
  }
  return strings;
}

static void strings_free(char **strings) {
  for (char **each = strings; each && *each; each++) free(*each);
  free(strings);
}

/* In the child. Descriptors above 2 close by themselves (CLOEXEC); an error goes back through `report`. */
static void run_program(char **argv, char **env, const char *directory, const int *descriptors, int report) {
  signals_reset();
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = runtime.descriptor_limit;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  int number = 0;
  for (int target = 0; target < 3; target++)
    if (descriptors[target] >= 0 && dup2(descriptors[target], target) < 0) number = errno;
  if (env) environ = env;
  if (!number && (!directory || chdir(directory) == 0)) execvp(argv[0], argv);
  if (!number) number = errno;
  _exit(write(report, &number, sizeof number) == sizeof number ? 127 : 126);
}

/* The child's three descriptors and our ends of the pipes; -1 where there is none. */
static int open_descriptors(const enum Mode *modes, int *theirs, int *ours) {
  for (int index = 0; index < 3; index++) {
    int ends[2] = { -1, -1 };
    theirs[index] = ours[index] = -1;
    if (modes[index] == IGNORE && (theirs[index] = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0) return errno;
    if (modes[index] != PIPE) continue;
    if (pipe2(ends, O_CLOEXEC) < 0) return errno;
    theirs[index] = ends[index == 0 ? 0 : 1];
    ours[index] = ends[index == 0 ? 1 : 0];
  }
  return 0;
}

static void close_all(const int *descriptors) {
  for (int index = 0; index < 3; index++)
    if (descriptors[index] >= 0) close(descriptors[index]);
}

/* Returns 0 with *pid set, or the errno of whatever failed up to the execve. */
static int start(char **argv, char **env, const char *directory, const int *theirs, int *pid) {
  int report[2], number = 0;
  if (pipe2(report, O_CLOEXEC) < 0) return errno;
  *pid = fork();
  if (*pid == 0) run_program(argv, env, directory, theirs, report[1]);
  if (*pid < 0) number = errno;
  close(report[1]);
  if (*pid > 0 && read(report[0], &number, sizeof number) == sizeof number) waitpid(*pid, NULL, 0);
  close(report[0]);
  return number;
}

/* spawn(argv, environment array | undefined, directory | undefined, modes [stdin, stdout, stderr], exited(code, signal)): [pid, fd, fd, fd] */
static JSValue js_spawn(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  char **argv = strings_of(context, arguments[0]), **env = JS_IsUndefined(arguments[1]) ? NULL : strings_of(context, arguments[1]);
  const char *directory = JS_IsUndefined(arguments[2]) ? NULL : JS_ToCString(context, arguments[2]);
  enum Mode modes[3];
  int theirs[3] = { -1, -1, -1 }, ours[3] = { -1, -1, -1 }, pid = -1;
  for (int index = 0; index < 3; index++) {
    JSValue mode = JS_GetPropertyUint32(context, arguments[3], index);
    modes[index] = JS_VALUE_GET_INT(mode);
  }
  int number = argv[0] ? open_descriptors(modes, theirs, ours) : ENOENT;
  if (!number) number = start(argv, env, directory, theirs, &pid);
  close_all(theirs);
  JSValue result;
  if (number) {
    close_all(ours);
    result = error_throw("spawn", number, argv[0] ? argv[0] : "");
  } else {
    Child *child = calloc(1, sizeof *child);
    child->exited = JS_DupValue(context, arguments[4]);
    child_watch(&child->watch, pid, child_exited);
    handle_activate(&child->handle, dispose);
    result = JS_NewArray(context);
    JS_SetPropertyUint32(context, result, 0, JS_NewInt32(context, pid));
    for (int index = 0; index < 3; index++) JS_SetPropertyUint32(context, result, index + 1, JS_NewInt32(context, ours[index]));
  }
  strings_free(argv);
  strings_free(env);
  JS_FreeCString(context, directory);
  return result;
}

/* kill(pid, signal's name) */
static JSValue js_kill(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int32_t pid;
  char subject[16];
  const char *name = JS_ToCString(context, arguments[1]);
  if (!name || JS_ToInt32(context, &pid, arguments[0])) return JS_EXCEPTION;
  int number = signal_number(name);
  JS_FreeCString(context, name);
  snprintf(subject, sizeof subject, "%d", pid);
  if (!number) return error_throw("kill", EINVAL, subject);
  return kill(pid, number) < 0 ? error_throw("kill", errno, subject) : JS_UNDEFINED;
}

/* ---- oneself ---- */

static JSValue js_pid(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  return JS_NewInt32(context, getpid());
}

/* programArguments(): what follows the executable and, in the runner, the bundle */
static JSValue js_arguments(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  JSValue array = JS_NewArray(context);
  for (int index = runtime.own_arguments; index < runtime.argc; index++)
    JS_SetPropertyUint32(context, array, index - runtime.own_arguments, JS_NewString(context, runtime.argv[index]));
  return array;
}

/* self(): the executable's path and, in the runner, the bundle */
static JSValue js_self(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  JSValue array = JS_NewArray(context);
  JS_SetPropertyUint32(context, array, 0, JS_NewStringLen(context, path, size < 0 ? 0 : size));
  for (int index = 1; index < runtime.own_arguments && index < runtime.argc; index++)
    JS_SetPropertyUint32(context, array, index, JS_NewString(context, runtime.argv[index]));
  return array;
}

static JSValue js_environment(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *name = JS_ToCString(context, arguments[0]), *value = name ? getenv(name) : NULL;
  JS_FreeCString(context, name);
  return value ? JS_NewString(context, value) : JS_UNDEFINED;
}

/* print(fd, text): blocking, also on a descriptor that somebody made non-blocking; a closed reader is no error of ours */
static JSValue js_print(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int32_t fd;
  size_t size, sent = 0;
  const char *text = JS_ToCStringLen(context, &size, arguments[1]);
  if (!text || JS_ToInt32(context, &fd, arguments[0])) return JS_EXCEPTION;
  while (sent < size) {
    ssize_t part = write(fd, text + sent, size - sent);
    if (part < 0 && errno == EAGAIN) usleep(1000);
    else if (part < 0 && errno != EINTR) break;
    if (part > 0) sent += part;
  }
  JS_FreeCString(context, text);
  return JS_UNDEFINED;
}

static JSValue js_exit(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int32_t code = 0;
  if (JS_ToInt32(context, &code, arguments[0])) return JS_EXCEPTION;
  return runtime_exit(code);
}

const Export process_exports[] = {
  { "spawn", 5, js_spawn }, { "kill", 2, js_kill }, { "pid", 0, js_pid }, { "programArguments", 0, js_arguments }, { "self", 0, js_self },
  { "environment", 1, js_environment }, { "print", 2, js_print }, { "exit", 1, js_exit }, { 0 },
};
