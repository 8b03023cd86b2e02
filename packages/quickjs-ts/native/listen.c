// SPDX-License-Identifier: Apache-2.0
/* Listening sockets (TCP and unix) and datagram sockets. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "runtime.h"

enum { BACKLOG = 511, ACCEPTS_PER_TURN = 32, DATAGRAMS_PER_TURN = 32, RETRY_AFTER = 100, LARGEST_DATAGRAM = 65536 };

/* A listener or a datagram socket. */
typedef struct Socket {
  Handle handle;
  Watcher watcher;
  Timer retry; /* listener: out of descriptors, tries again later */
  double high_water;
  char *subject;
  char *path; /* unix: removed when closed */
  JSValue self, callback; /* held while open */
} Socket;

static JSClassID class_id;

static void socket_close(Socket *each) {
  if (each->watcher.fd < 0) return;
  watcher_set(&each->watcher, 0);
  close(each->watcher.fd);
  each->watcher.fd = -1;
  timer_stop(&each->retry);
  if (each->path) unlink(each->path);
  handle_deactivate(&each->handle);
  JSValue self = each->self, callback = each->callback;
  each->self = each->callback = JS_UNDEFINED;
  JS_FreeValue(runtime.context, callback);
  JS_FreeValue(runtime.context, self);
}

static void dispose(Handle *handle) {
  socket_close(owner_of(handle, Socket, handle));
}

static JSValue socket_new(int fd, void (*ready)(Watcher *, uint32_t), JSValueConst callback, const char *subject) {
  JSContext *context = runtime.context;
  JSValue object = JS_NewObjectClass(context, class_id);
  Socket *each = calloc(1, sizeof *each);
  if (JS_IsException(object) || !each || !(each->subject = strdup(subject))) abort();
  JS_SetOpaque(object, each);
  each->watcher = (Watcher){ .fd = fd, .ready = ready };
  each->self = JS_DupValue(context, object);
  each->callback = JS_DupValue(context, callback);
  handle_activate(&each->handle, dispose);
  watcher_set(&each->watcher, EPOLLIN);
  return object;
}

/* ---- listeners ---- */

static void retry_accepting(Timer *timer) {
  watcher_set(&owner_of(timer, Socket, retry)->watcher, EPOLLIN);
}

static void accept_ready(Watcher *watcher, uint32_t events) {
  Socket *each = owner_of(watcher, Socket, watcher);
  JSValue self = JS_DupValue(runtime.context, each->self);
  for (int accepts = 0; accepts < ACCEPTS_PER_TURN && each->watcher.fd >= 0 && !runtime.exiting; accepts++) {
    int fd = accept4(each->watcher.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
      watcher_set(&each->watcher, 0);
      timer_start(&each->retry, now() + RETRY_AFTER);
    }
    if (fd < 0) break;
    if (JS_IsException(stream_accept(fd, each->subject, each->high_water, each->callback))) fatal_exception();
    run_jobs();
  }
  JS_FreeValue(runtime.context, self);
}

/* A socket file whose owner has gone refuses connections; only then may it be removed. */
static bool is_stale(const Endpoint *endpoint) {
  int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bool refused = probe >= 0 && connect(probe, &endpoint->address.any, endpoint->size) < 0 && errno == ECONNREFUSED;
  if (probe >= 0) close(probe);
  return refused;
}

static int bind_unix(int fd, const Endpoint *endpoint, const char *path, mode_t mode) {
  mode_t before = umask(0777 & ~mode); /* from the first moment, not by a later chmod */
  int status = bind(fd, &endpoint->address.any, endpoint->size), number = errno;
  if (status < 0 && number == EADDRINUSE && is_stale(endpoint)) {
    unlink(path);
    status = bind(fd, &endpoint->address.any, endpoint->size);
    number = errno;
  }
  umask(before);
  errno = number;
  return status;
}

static int open_listener(const Endpoint *endpoint, const char *path, mode_t mode) {
  int fd = socket(endpoint->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) return -1;
  if (!path) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  int status = path ? bind_unix(fd, endpoint, path, mode) : bind(fd, &endpoint->address.any, endpoint->size);
  if (status == 0 && listen(fd, BACKLOG) == 0) return fd;
  int number = errno;
  close(fd);
  errno = number;
  return -1;
}

static int local_port(int fd) {
  Endpoint endpoint = { .size = sizeof endpoint.address };
  char text[64];
  return getsockname(fd, &endpoint.address.any, &endpoint.size) < 0 ? 0 : endpoint_print(&endpoint, text);
}

/* listen(host or path, port or -1 for unix, accept, mode, highWaterMark, subject) */
static JSValue js_listen(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int32_t port, mode;
  double high_water;
  if (JS_ToInt32(context, &port, arguments[1]) || JS_ToInt32(context, &mode, arguments[3]) || JS_ToFloat64(context, &high_water, arguments[4]))
    return JS_EXCEPTION;
  const char *name = JS_ToCString(context, arguments[0]), *subject = JS_ToCString(context, arguments[5]);
  bool is_unix = port < 0;
  Endpoint endpoint;
  JSValue result;
  bool valid = is_unix ? endpoint_unix(name, &endpoint) : endpoint_literal(name, port, &endpoint);
  int fd = valid ? open_listener(&endpoint, is_unix ? name : NULL, mode) : -1;
  if (fd < 0) {
    result = error_throw("listen", valid ? errno : is_unix ? ENAMETOOLONG : EINVAL, subject);
  } else {
    result = socket_new(fd, accept_ready, arguments[2], subject);
    Socket *each = JS_GetOpaque(result, class_id);
    each->retry.run = retry_accepting;
    each->high_water = high_water;
    each->path = is_unix ? strdup(name) : NULL;
  }
  JS_FreeCString(context, name);
  JS_FreeCString(context, subject);
  return result;
}

/* ---- datagrams ---- */

static JSValue datagram_object(const uint8_t *data, size_t size, const Endpoint *from) {
  JSContext *context = runtime.context;
  char host[64];
  int port = endpoint_print(from, host);
  JSValue object = JS_NewObject(context);
  JS_SetPropertyStr(context, object, "data", new_bytes(data, size));
  JS_SetPropertyStr(context, object, "host", JS_NewString(context, host));
  JS_SetPropertyStr(context, object, "port", JS_NewInt32(context, port));
  return object;
}

static void datagram_ready(Watcher *watcher, uint32_t events) {
  static uint8_t data[LARGEST_DATAGRAM];
  Socket *each = owner_of(watcher, Socket, watcher);
  JSValue self = JS_DupValue(runtime.context, each->self);
  for (int count = 0; count < DATAGRAMS_PER_TURN && each->watcher.fd >= 0 && !runtime.exiting; count++) {
    Endpoint from = { .size = sizeof from.address };
    ssize_t size = recvfrom(each->watcher.fd, data, sizeof data, 0, &from.address.any, &from.size);
    if (size < 0 && errno == ECONNREFUSED) continue; /* an earlier datagram of ours met a closed port */
    if (size < 0) break;
    JSValue argument = datagram_object(data, size, &from);
    call_function(each->callback, JS_UNDEFINED, 1, &argument);
  }
  JS_FreeValue(runtime.context, self);
}

/* datagram(host, port, receive, subject) */
static JSValue js_datagram(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int32_t port;
  if (JS_ToInt32(context, &port, arguments[1])) return JS_EXCEPTION;
  const char *host = JS_ToCString(context, arguments[0]), *subject = JS_ToCString(context, arguments[3]);
  Endpoint endpoint;
  JSValue result;
  bool valid = endpoint_literal(host, port, &endpoint);
  int fd = valid ? socket(endpoint.address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1, on = 1;
  if (fd >= 0 && endpoint.address.any.sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (fd < 0 || bind(fd, &endpoint.address.any, endpoint.size) < 0) {
    int number = valid ? errno : EINVAL;
    if (fd >= 0) close(fd);
    result = error_throw("bind", number, subject);
  } else {
    result = socket_new(fd, datagram_ready, arguments[2], subject);
  }
  JS_FreeCString(context, host);
  JS_FreeCString(context, subject);
  return result;
}

static JSValue js_send(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Socket *each = JS_GetOpaque2(context, self, class_id);
  const uint8_t *data;
  size_t size;
  int32_t port;
  if (!each || !bytes_of(arguments[0], &data, &size) || JS_ToInt32(context, &port, arguments[2])) return JS_EXCEPTION;
  const char *host = JS_ToCString(context, arguments[1]);
  Endpoint endpoint;
  bool valid = host && endpoint_literal(host, port, &endpoint);
  JSValue result = !host ? JS_EXCEPTION : valid ? JS_UNDEFINED : error_throw("send", EINVAL, host);
  JS_FreeCString(context, host);
  if (!valid) return result;
  return JS_NewBool(context, sendto(each->watcher.fd, data, size, 0, &endpoint.address.any, endpoint.size) >= 0);
}

static JSValue js_close(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Socket *each = JS_GetOpaque2(context, self, class_id);
  if (!each) return JS_EXCEPTION;
  socket_close(each);
  return JS_UNDEFINED;
}

static JSValue js_port(JSContext *context, JSValueConst self) {
  Socket *each = JS_GetOpaque2(context, self, class_id);
  return each ? JS_NewInt32(context, each->path ? -1 : local_port(each->watcher.fd)) : JS_EXCEPTION;
}

static void finalize(JSRuntime *js, JSValue value) {
  Socket *each = JS_GetOpaque(value, class_id);
  if (!each) return;
  free(each->path);
  free(each->subject);
  free(each);
}

static const JSClassDef definition = { "Socket", .finalizer = finalize };
static const JSCFunctionListEntry methods[] = {
  JS_CFUNC_DEF("send", 3, js_send), JS_CFUNC_DEF("close", 0, js_close), JS_CGETSET_DEF("port", js_port, NULL),
};

void socket_classes(JSContext *context) {
  JS_NewClassID(&class_id);
  JS_NewClass(runtime.js, class_id, &definition);
  JSValue prototype = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, prototype, methods, sizeof methods / sizeof *methods);
  JS_SetClassProto(context, class_id, prototype);
}

const Export listen_exports[] = { { "listen", 6, js_listen }, { "datagram", 4, js_datagram }, { 0 } };
