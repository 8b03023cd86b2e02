// SPDX-License-Identifier: Apache-2.0
/* errno becomes a PlatformError here and nowhere else. */
#include <errno.h>
#include <stdio.h>
#include "runtime.h"

#define NAME(code) { code, #code }
static const struct { int number; const char *name; } names[] = {
  NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC), NAME(EBADF), NAME(ECHILD),
  NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR), NAME(EISDIR),
  NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE), NAME(EROFS), NAME(EMLINK), NAME(EPIPE),
  NAME(ENAMETOOLONG), NAME(ELOOP), NAME(ENOTEMPTY), NAME(EPROTO), NAME(EOVERFLOW), NAME(ENOTSOCK), NAME(EMSGSIZE), NAME(EPROTOTYPE),
  NAME(EOPNOTSUPP), NAME(EAFNOSUPPORT), NAME(EADDRINUSE), NAME(EADDRNOTAVAIL), NAME(ENETDOWN), NAME(ENETUNREACH), NAME(ECONNABORTED),
  NAME(ECONNRESET), NAME(ENOBUFS), NAME(EISCONN), NAME(ENOTCONN), NAME(ETIMEDOUT), NAME(ECONNREFUSED), NAME(EHOSTUNREACH), NAME(EDQUOT),
  NAME(ENOSYS), NAME(EPROTONOSUPPORT), NAME(EHOSTDOWN), NAME(ETXTBSY),
};

const char *errno_name(int number) {
  static char other[16];
  for (size_t index = 0; index < sizeof names / sizeof *names; index++)
    if (names[index].number == number) return names[index].name;
  snprintf(other, sizeof other, "E%d", number);
  return other;
}

JSValue error_new(const char *operation, const char *code, const char *subject, const char *detail) {
  JSContext *context = runtime.context;
  const char *texts[] = { operation, code, subject, detail ? detail : "" };
  JSValue arguments[4];
  for (int index = 0; index < 4; index++) arguments[index] = JS_NewString(context, texts[index]);
  JSValue error = JS_CallConstructor(context, runtime.error_class, 4, (JSValueConst *)arguments);
  for (int index = 0; index < 4; index++) JS_FreeValue(context, arguments[index]);
  return error;
}

JSValue error_throw(const char *operation, int number, const char *subject) {
  JSValue error = error_new(operation, errno_name(number), subject, NULL);
  return JS_IsException(error) ? error : JS_Throw(runtime.context, error);
}
