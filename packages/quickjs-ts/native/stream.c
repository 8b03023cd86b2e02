// SPDX-License-Identifier: Apache-2.0
/*
 * Streams: TCP, unix, TLS and the pipes of child processes.
 *
 *   RESOLVING -> CONNECTING -> HANDSHAKE -> OPEN -> CLOSED       (a literal address skips the first, plain streams the third)
 *        \____________\____________\__________/ error, deadline, destroy
 *
 * RESOLVING   waits for the addresses of a name; on failure CLOSED
 * CONNECTING  waits for the kernel; on failure the next address, after the last one CLOSED
 * HANDSHAKE   waits for TLS; on failure CLOSED with ETLS
 * OPEN        both halves end independently; when both have ended CLOSED
 * CLOSED      the descriptor is gone; the `close` handler runs in the next turn, then the handle is released
 *
 * What a call into a stream causes (sending, closing) is done by its task in the next turn of the loop: no handler runs inside a call.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>
#include "queue.h"
#include "runtime.h"

enum { READ_SIZE = 65536, READS_PER_TURN = 4, PARTS_PER_WRITE = 32 };
typedef enum State { RESOLVING, CONNECTING, HANDSHAKE, OPEN, CLOSED } State;

typedef struct Stream {
  Handle handle;
  Task task;
  Watcher watcher;
  Timer deadline;
  State state;
  bool is_pipe; /* read(2) and write(2) instead of the socket calls */
  bool announced; /* `open` was called */
  bool paused, read_ended;
  bool ending, write_ended; /* end() was called; our half is closed */
  bool starved; /* write returned false: `drain` is owed */
  bool unread; /* the TLS layer may hold bytes that epoll does not know of */
  Queue queue;
  size_t high_water;
  Tls *tls;
  Resolution *resolution;
  Endpoint *endpoints; /* addresses still to try, while CONNECTING */
  int endpoint_count, endpoint_next;
  char code[16], detail[160]; /* why it closed; an empty code: orderly */
  char *subject;
  JSValue self, handlers; /* held until `close` was called */
} Stream;

static JSClassID class_id;

static void advance(Task *task);
static void ready(Watcher *watcher, uint32_t events);
static void dispose(Handle *handle);

int set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* ---- life ---- */

static void release_descriptor(Stream *stream) {
  task_cancel(&stream->task);
  timer_stop(&stream->deadline);
  if (stream->resolution) resolution_cancel(stream->resolution);
  stream->resolution = NULL;
  if (stream->watcher.fd >= 0) {
    watcher_set(&stream->watcher, 0);
    close(stream->watcher.fd);
  }
  stream->watcher.fd = -1;
  tls_free(stream->tls);
  stream->tls = NULL;
  queue_clear(&stream->queue);
  free(stream->endpoints);
  stream->endpoints = NULL;
}

/* Closes now and tells in the next turn. The first reason counts. */
static void finish(Stream *stream, const char *code, const char *detail) {
  if (stream->state == CLOSED) return;
  snprintf(stream->code, sizeof stream->code, "%s", code ? code : "");
  snprintf(stream->detail, sizeof stream->detail, "%s", detail ? detail : ""); /* it may belong to the TLS state that goes now */
  release_descriptor(stream);
  stream->state = CLOSED;
  task_schedule(&stream->task);
}

static void fail(Stream *stream, int number) {
  finish(stream, errno_name(number), NULL);
}

static void late(Timer *timer) {
  finish(owner_of(timer, Stream, deadline), "ETIMEDOUT", NULL);
}

static void announce_close(Stream *stream) {
  JSContext *context = runtime.context;
  JSValue self = stream->self, handlers = stream->handlers;
  JSValue error = *stream->code ? error_new("connect", stream->code, stream->subject, stream->detail) : JS_UNDEFINED;
  stream->self = stream->handlers = JS_UNDEFINED;
  handle_deactivate(&stream->handle);
  call_handler(handlers, "close", 1, &error);
  JS_FreeValue(context, handlers);
  JS_FreeValue(context, self);
}

static Stream *stream_new(const char *subject, double high_water, JSValue *object) {
  JSContext *context = runtime.context;
  Stream *stream = calloc(1, sizeof *stream);
  *object = JS_NewObjectClass(context, class_id);
  if (JS_IsException(*object) || !stream || !(stream->subject = strdup(subject))) abort();
  JS_SetOpaque(*object, stream);
  stream->self = JS_DupValue(context, *object);
  stream->handlers = JS_UNDEFINED;
  stream->high_water = high_water > 0 ? high_water : 0;
  stream->task.run = advance;
  stream->deadline.run = late;
  stream->watcher = (Watcher){ .fd = -1, .ready = ready };
  handle_activate(&stream->handle, dispose);
  return stream;
}

/* ---- watching ---- */

static void watch(Stream *stream) {
  uint32_t events = 0;
  if (stream->state == CONNECTING) events = EPOLLOUT;
  if (stream->state == HANDSHAKE) events = tls_wants(stream->tls);
  if (stream->state == OPEN) {
    if (stream->announced && !stream->paused && !stream->read_ended) events |= EPOLLIN;
    if (stream->queue.size) events |= stream->tls ? tls_wants(stream->tls) : EPOLLOUT;
  }
  int number = stream->watcher.fd < 0 ? 0 : watcher_set(&stream->watcher, events);
  if (number) fail(stream, number);
}

/* ---- connecting ---- */

static void handshake(Stream *stream) {
  int status = tls_handshake(stream->tls);
  if (status == TLS_FAILED) return finish(stream, "ETLS", tls_failure(stream->tls));
  if (status == 0) {
    stream->state = OPEN;
    task_schedule(&stream->task);
  }
  watch(stream);
}

static void connected(Stream *stream) {
  free(stream->endpoints);
  stream->endpoints = NULL;
  int on = 1;
  setsockopt(stream->watcher.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (stream->tls) {
    stream->state = HANDSHAKE;
    return handshake(stream);
  }
  stream->state = OPEN;
  task_schedule(&stream->task);
}

static int try_endpoint(Stream *stream, const Endpoint *endpoint) {
  if (stream->watcher.fd >= 0) {
    watcher_set(&stream->watcher, 0);
    close(stream->watcher.fd);
  }
  stream->watcher.fd = socket(endpoint->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (stream->watcher.fd < 0) return errno;
  return connect(stream->watcher.fd, &endpoint->address.any, endpoint->size) == 0 ? 0 : errno;
}

/* Tries the next addresses until one is under way; `number` is why the one before failed. */
static void connect_next(Stream *stream, int number) {
  stream->state = CONNECTING;
  while (stream->endpoint_next < stream->endpoint_count) {
    number = try_endpoint(stream, &stream->endpoints[stream->endpoint_next++]);
    if (number == 0) return connected(stream);
    if (number == EINPROGRESS) return watch(stream);
  }
  fail(stream, number);
}

static void connect_to(Stream *stream, const Endpoint *endpoints, int count) {
  stream->endpoints = malloc(count * sizeof *endpoints);
  if (!stream->endpoints) abort();
  memcpy(stream->endpoints, endpoints, count * sizeof *endpoints);
  stream->endpoint_count = count;
  connect_next(stream, ENOTCONN);
}

static void resolved(void *owner, const char *error, const Endpoint *endpoints, int count) {
  Stream *stream = owner;
  stream->resolution = NULL;
  if (error) finish(stream, error, NULL);
  else connect_to(stream, endpoints, count);
}

static void connect_ready(Stream *stream) {
  int number = 0;
  socklen_t size = sizeof number;
  getsockopt(stream->watcher.fd, SOL_SOCKET, SO_ERROR, &number, &size);
  if (number) connect_next(stream, number);
  else connected(stream);
}

/* ---- reading ---- */

static void finish_if_both_ended(Stream *stream) {
  if (stream->read_ended && stream->write_ended) finish(stream, NULL, NULL);
}

static ptrdiff_t read_some(Stream *stream, uint8_t *data) {
  if (stream->tls) return tls_read(stream->tls, data, READ_SIZE);
  ptrdiff_t size = read(stream->watcher.fd, data, READ_SIZE);
  return size == 0 ? TLS_ENDED : size > 0 ? size : errno == EAGAIN || errno == EINTR ? TLS_AGAIN : TLS_FAILED;
}

static void read_failed(Stream *stream) {
  if (stream->tls) finish(stream, "ETLS", tls_failure(stream->tls));
  else fail(stream, errno);
}

static void read_ready(Stream *stream) {
  static uint8_t data[READ_SIZE];
  ptrdiff_t size = 0;
  stream->unread = stream->tls != NULL;
  for (int reads = 0; reads < READS_PER_TURN && stream->state == OPEN && !stream->paused && !stream->read_ended; reads++) {
    size = read_some(stream, data);
    if (size == TLS_FAILED) return read_failed(stream);
    if (size == TLS_AGAIN) stream->unread = false;
    if (size == TLS_ENDED) {
      stream->unread = false;
      stream->read_ended = true;
      call_handler(stream->handlers, "end", 0, NULL);
      finish_if_both_ended(stream);
    }
    if (size <= 0) break;
    JSValue chunk = new_bytes(data, size);
    if (JS_IsException(chunk)) return fatal_exception();
    call_handler(stream->handlers, "data", 1, &chunk);
    if (!stream->tls && size < READ_SIZE) break;
  }
  if (stream->state == OPEN && stream->unread && !stream->paused) task_schedule(&stream->task);
}

/* ---- writing ---- */

static ptrdiff_t write_some(Stream *stream) {
  Block *block = stream->queue.first;
  if (stream->tls) return tls_write(stream->tls, block->data + block->start, block->end - block->start);
  struct iovec parts[PARTS_PER_WRITE];
  int count = 0;
  for (; block && count < PARTS_PER_WRITE; block = block->next)
    parts[count++] = (struct iovec){ block->data + block->start, block->end - block->start };
  ptrdiff_t size = writev(stream->watcher.fd, parts, count);
  return size >= 0 ? size : errno == EAGAIN || errno == EINTR ? TLS_AGAIN : TLS_FAILED;
}

static void close_writing(Stream *stream) {
  if (stream->tls && tls_end(stream->tls) == TLS_AGAIN) return; /* the last block left this moment; the peer sees the end of TCP */
  stream->write_ended = true;
  if (!stream->is_pipe) shutdown(stream->watcher.fd, SHUT_WR);
  else stream->read_ended = true; /* a pipe has one direction */
  finish_if_both_ended(stream);
}

static void flush(Stream *stream) {
  while (stream->state == OPEN && stream->queue.size) {
    ptrdiff_t size = write_some(stream);
    if (size == TLS_AGAIN) return;
    if (size < 0) return read_failed(stream);
    queue_take(&stream->queue, size);
  }
  if (stream->state == OPEN && stream->starved && !stream->ending) {
    stream->starved = false;
    call_handler(stream->handlers, "drain", 0, NULL);
  }
  if (stream->state == OPEN && stream->ending && !stream->queue.size && !stream->write_ended) close_writing(stream);
}

/* ---- turns ---- */

/* Keeps the object alive while its handlers run. */
static void turn(Stream *stream, void (*step)(Stream *)) {
  JSValue self = JS_DupValue(runtime.context, stream->self);
  step(stream);
  if (stream->state == OPEN) watch(stream);
  JS_FreeValue(runtime.context, self);
}

static void open_step(Stream *stream) {
  if (!stream->announced) {
    timer_stop(&stream->deadline);
    stream->announced = true;
    call_handler(stream->handlers, "open", 0, NULL);
  }
  if (stream->state == OPEN) flush(stream);
  if (stream->state == OPEN && stream->unread && !stream->paused) read_ready(stream);
}

static void advance(Task *task) {
  Stream *stream = owner_of(task, Stream, task);
  if (stream->state == CLOSED) announce_close(stream);
  else if (stream->state == OPEN) turn(stream, open_step);
}

static void ready(Watcher *watcher, uint32_t events) {
  Stream *stream = owner_of(watcher, Stream, watcher);
  if (stream->state == CONNECTING) return connect_ready(stream);
  if (stream->state == HANDSHAKE) return handshake(stream);
  if (stream->queue.size) turn(stream, flush);
  if (stream->state == OPEN && !stream->read_ended && !stream->paused && (events & ~EPOLLOUT)) turn(stream, read_ready);
}

/* ---- for JavaScript ---- */

static Stream *stream_of(JSValueConst value) {
  return JS_GetOpaque2(runtime.context, value, class_id);
}

/* streamConnect(address, handlers, timeout, highWaterMark, subject, tls): address is { unix } or { host, port } */
static JSValue js_connect(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  double timeout, high_water;
  if (JS_ToFloat64(context, &timeout, arguments[2]) || JS_ToFloat64(context, &high_water, arguments[3])) return JS_EXCEPTION;
  JSValue path = JS_GetPropertyStr(context, arguments[0], "unix"), host = JS_GetPropertyStr(context, arguments[0], "host");
  JSValue port_value = JS_GetPropertyStr(context, arguments[0], "port");
  bool is_unix = !JS_IsUndefined(path);
  int32_t port = 0;
  const char *name = JS_ToCString(context, is_unix ? path : host), *subject = JS_ToCString(context, arguments[4]);
  if (!is_unix && JS_ToInt32(context, &port, port_value)) port = -1;
  JSValue object = JS_UNDEFINED;
  Stream *stream = stream_new(subject, high_water, &object);
  stream->handlers = JS_DupValue(context, arguments[1]);
  timer_start(&stream->deadline, now() + timeout);
  Endpoint endpoint;
  if (!JS_IsUndefined(arguments[5]) && !(stream->tls = tls_new(&stream->watcher.fd, arguments[5]))) {
    JSValue error = JS_GetException(context);
    dispose(&stream->handle);
    JS_FreeValue(context, object);
    object = JS_Throw(context, error);
  } else if (is_unix ? endpoint_unix(name, &endpoint) : endpoint_literal(name, port, &endpoint)) {
    connect_to(stream, &endpoint, 1);
  } else if (is_unix) {
    fail(stream, ENAMETOOLONG);
  } else {
    stream->resolution = resolution_start(name, port, timeout, resolved, stream);
    if (!stream->resolution) fail(stream, EAGAIN);
  }
  JS_FreeCString(context, name);
  JS_FreeCString(context, subject);
  JS_FreeValue(context, path);
  JS_FreeValue(context, host);
  JS_FreeValue(context, port_value);
  return object;
}

/* streamOf(fd, handlers, subject): a pipe's end, which the stream owns from now on */
static JSValue js_adopt(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int32_t fd;
  if (JS_ToInt32(context, &fd, arguments[0])) return JS_EXCEPTION;
  const char *subject = JS_ToCString(context, arguments[2]);
  JSValue object;
  Stream *stream = stream_new(subject, 65536, &object);
  JS_FreeCString(context, subject);
  stream->handlers = JS_DupValue(context, arguments[1]);
  stream->watcher.fd = fd;
  stream->is_pipe = true;
  set_nonblocking(fd);
  int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
  stream->read_ended = mode == O_WRONLY;
  stream->write_ended = mode == O_RDONLY;
  stream->state = OPEN;
  task_schedule(&stream->task);
  return object;
}

JSValue stream_accept(int fd, const char *subject, double high_water, JSValueConst accept) {
  JSContext *context = runtime.context;
  JSValue object;
  Stream *stream = stream_new(subject, high_water, &object);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  stream->watcher.fd = fd;
  stream->state = OPEN;
  task_schedule(&stream->task);
  JSValue handlers = JS_Call(context, accept, JS_UNDEFINED, 1, (JSValueConst *)&object);
  JS_FreeValue(context, object);
  if (JS_IsException(handlers)) return handlers;
  stream->handlers = handlers;
  return JS_UNDEFINED;
}

static JSValue js_write(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Stream *stream = stream_of(self);
  const uint8_t *data;
  size_t size;
  if (!stream || !bytes_of(arguments[0], &data, &size)) return JS_EXCEPTION;
  if (stream->state == CLOSED || stream->ending) return JS_FALSE;
  if (!queue_add(&stream->queue, data, size)) return JS_ThrowOutOfMemory(context);
  if (stream->state == OPEN) task_schedule(&stream->task);
  if (stream->queue.size > stream->high_water) stream->starved = true;
  return JS_NewBool(context, !stream->starved);
}

static JSValue js_queued(JSContext *context, JSValueConst self) {
  Stream *stream = stream_of(self);
  return stream ? JS_NewInt64(context, stream->queue.size) : JS_EXCEPTION;
}

static JSValue js_pause(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Stream *stream = stream_of(self);
  if (!stream) return JS_EXCEPTION;
  stream->paused = true;
  if (stream->state == OPEN) watch(stream);
  return JS_UNDEFINED;
}

static JSValue js_resume(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Stream *stream = stream_of(self);
  if (!stream) return JS_EXCEPTION;
  stream->paused = false;
  if (stream->state == OPEN) watch(stream);
  if (stream->state == OPEN && stream->unread) task_schedule(&stream->task);
  return JS_UNDEFINED;
}

static JSValue js_end(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Stream *stream = stream_of(self);
  if (!stream) return JS_EXCEPTION;
  stream->ending = true;
  if (stream->state == OPEN) task_schedule(&stream->task);
  return JS_UNDEFINED;
}

static JSValue js_destroy(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Stream *stream = stream_of(self);
  if (!stream) return JS_EXCEPTION;
  finish(stream, NULL, NULL);
  return JS_UNDEFINED;
}

static JSValue js_protocol(JSContext *context, JSValueConst self) {
  Stream *stream = stream_of(self);
  return !stream ? JS_EXCEPTION : JS_NewString(context, stream->tls ? tls_protocol(stream->tls) : "");
}

static JSValue js_alpn(JSContext *context, JSValueConst self) {
  Stream *stream = stream_of(self);
  const char *name = stream && stream->tls ? tls_alpn(stream->tls) : NULL;
  return !stream ? JS_EXCEPTION : name ? JS_NewString(context, name) : JS_UNDEFINED;
}

/* Without a call into JavaScript: at the end of the process, or when the stream never came to be. */
static void dispose(Handle *handle) {
  Stream *stream = owner_of(handle, Stream, handle);
  JSValue self = stream->self, handlers = stream->handlers;
  release_descriptor(stream);
  stream->state = CLOSED;
  stream->self = stream->handlers = JS_UNDEFINED;
  handle_deactivate(handle);
  JS_FreeValue(runtime.context, handlers);
  JS_FreeValue(runtime.context, self);
}

static void finalize(JSRuntime *js, JSValue value) {
  Stream *stream = JS_GetOpaque(value, class_id);
  if (!stream) return;
  free(stream->subject);
  free(stream);
}

static const JSClassDef definition = { "Stream", .finalizer = finalize };
static const JSCFunctionListEntry methods[] = {
  JS_CFUNC_DEF("write", 1, js_write), JS_CFUNC_DEF("pause", 0, js_pause), JS_CFUNC_DEF("resume", 0, js_resume), JS_CFUNC_DEF("end", 0, js_end),
  JS_CFUNC_DEF("destroy", 0, js_destroy), JS_CGETSET_DEF("queued", js_queued, NULL), JS_CGETSET_DEF("protocol", js_protocol, NULL),
  JS_CGETSET_DEF("alpn", js_alpn, NULL),
};

void stream_class(JSContext *context) {
  JS_NewClassID(&class_id);
  JS_NewClass(runtime.js, class_id, &definition);
  JSValue prototype = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, prototype, methods, sizeof methods / sizeof *methods);
  JS_SetClassProto(context, class_id, prototype);
}

const Export stream_exports[] = { { "streamConnect", 6, js_connect }, { "streamOf", 3, js_adopt }, { 0 } };
