// SPDX-License-Identifier: Apache-2.0
/*
 * The runtime's concepts, one file each:
 *   loop      epoll, timers, and tasks (work put off to the loop's next turn, so that no handler runs inside a call into us)
 *   call      the only way from C into JavaScript: runs the promise jobs after it; an error that nobody catches ends the process
 *   handle    whatever keeps the process alive: an open stream, listener, child, watch
 *   stream    connected bytes: TCP, unix, TLS or pipe; queue: what was written and not yet sent
 * One thread, one context: the state that all share is in `runtime`.
 *
 * Ownership: a JS object of ours and its C struct live until the garbage collector finds the object unused; while the handle is active it
 * keeps a reference to its own object and to its callbacks, and drops both when it is deactivated.
 */
#ifndef RUNTIME_H
#define RUNTIME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "list.h"
#include "quickjs.h"

/* The structure whose `member` is at `pointer`. */
#define owner_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

/* ---- loop ---- */

typedef struct Task {
  struct list_head link; /* linked while scheduled */
  void (*run)(struct Task *task);
} Task;

typedef struct Timer {
  double due; /* milliseconds on the clock of now() */
  uint64_t order; /* among equal dues: first made, first run */
  uint32_t slot; /* 1 + index in the heap; 0: not armed */
  void (*run)(struct Timer *timer);
} Timer;

typedef struct Watcher {
  int fd;
  uint32_t events; /* what epoll watches now; 0: the descriptor is not registered at all */
  void (*ready)(struct Watcher *watcher, uint32_t events);
} Watcher;

typedef struct Handle {
  struct list_head link; /* linked while active */
  void (*dispose)(struct Handle *handle); /* frees what it holds, without calling JavaScript; for the end of the process */
} Handle;

extern struct Runtime {
  JSRuntime *js;
  JSContext *context;
  struct list_head handles;
  struct list_head idle_handles; /* active, but they do not keep the process alive: signal handlers */
  bool exiting;
  int exit_code;
  uint64_t descriptor_limit; /* the soft limit that we were started with, and that children get */
  int argc;
  char **argv;
  int own_arguments; /* of argv, those before the program's: the executable and, in the runner, the bundle */
  JSValue error_class; /* PlatformError of src/ports/error.ts */
} runtime;

double now(void);
void loop_init(void);
void loop_run(void);
void loop_free(void);
void task_schedule(Task *task);
void task_cancel(Task *task);
void timer_start(Timer *timer, double due);
void timer_stop(Timer *timer);
/* Watches `fd` for exactly `events`; 0 stops watching, so that a hang-up cannot wake the loop for ever. Returns 0 or an errno. */
int watcher_set(Watcher *watcher, uint32_t events);
void handle_activate(Handle *handle, void (*dispose)(Handle *));
void handle_deactivate(Handle *handle);

/* ---- call ---- */

/* Calls `function` (undefined: does nothing) and then the promise jobs. Takes over the arguments. */
void call_function(JSValueConst function, JSValueConst self, int count, JSValue *arguments);
/* Calls the method `name` of `handlers`, if it has one. Takes over the arguments. */
void call_handler(JSValueConst handlers, const char *name, int count, JSValue *arguments);
void run_jobs(void);
void call_init(void);
void call_free(void);
/* Prints the pending exception with its mapped stack and ends the process with status 1. */
void fatal_exception(void);
/* Ends the process; in the checking build by unwinding, so that everything is freed. */
JSValue runtime_exit(int code);

/* ---- error ---- */

const char *errno_name(int number);
JSValue error_new(const char *operation, const char *code, const char *subject, const char *detail);
JSValue error_throw(const char *operation, int number, const char *subject);

/* ---- value ---- */

JSValue new_bytes(const uint8_t *data, size_t size);
/* The bytes of a Uint8Array, valid while the value lives; false with a TypeError thrown. */
bool bytes_of(JSValueConst value, const uint8_t **data, size_t *size);
/* For mbedtls_pk_context: whether it is a key of that curve. */
struct mbedtls_pk_context;
bool is_p256(struct mbedtls_pk_context *key);
/* As bytes_of, and a string gives its UTF-8. Release with data_free. */
typedef struct Data { const uint8_t *bytes; size_t size; const char *text; } Data;
bool data_of(JSValueConst value, Data *data);
void data_free(Data *data);
/* UTF-8 with every malformed sequence replaced by U+FFFD (WHATWG Encoding); *malformed says whether there was one. */
JSValue text_of_bytes(const uint8_t *data, size_t size, bool *malformed);

/* ---- stream, tls, resolve ---- */

struct Stream;
typedef struct Tls Tls;
enum { TLS_AGAIN = -1, TLS_FAILED = -2, TLS_ENDED = -3 };

/* Throws and returns NULL when the options are unusable. */
Tls *tls_new(int *fd, JSValueConst options);
void tls_free(Tls *tls);
int tls_handshake(Tls *tls); /* 0, TLS_AGAIN or TLS_FAILED */
ptrdiff_t tls_read(Tls *tls, uint8_t *data, size_t size);
ptrdiff_t tls_write(Tls *tls, const uint8_t *data, size_t size);
int tls_end(Tls *tls);
uint32_t tls_wants(const Tls *tls); /* the epoll events that the last TLS_AGAIN waits for */
const char *tls_failure(const Tls *tls);
const char *tls_protocol(const Tls *tls);
const char *tls_alpn(const Tls *tls);

typedef struct Endpoint {
  union { struct sockaddr any; struct sockaddr_storage storage; } address;
  socklen_t size;
} Endpoint;

enum { ENDPOINTS = 16 };
typedef struct Resolution Resolution;
/* Calls `done` from the loop; `error` is NULL or a code. The result is valid during the call only. */
typedef void ResolutionDone(void *owner, const char *error, const Endpoint *endpoints, int count);
Resolution *resolution_start(const char *name, int port, double timeout, ResolutionDone *done, void *owner);
void resolution_cancel(Resolution *resolution);
bool endpoint_literal(const char *host, int port, Endpoint *endpoint);
bool endpoint_unix(const char *path, Endpoint *endpoint);
/* Text of an IP endpoint's address into `text` (at least 64 bytes); returns the port. */
int endpoint_print(const Endpoint *endpoint, char *text);

JSValue stream_accept(int fd, const char *subject, double high_water, JSValueConst accept);
int set_nonblocking(int fd);

/* ---- signals ---- */

typedef struct ChildWatch {
  struct list_head link;
  int pid;
  void (*exited)(struct ChildWatch *watch, int status);
} ChildWatch;
void child_watch(ChildWatch *watch, int pid, void (*exited)(ChildWatch *, int));
void child_forget(ChildWatch *watch); /* kills and reaps it */
/* In a forked child: undo what the runtime changed for itself. */
void signals_reset(void);
void signals_init(void);
void signals_free(void);
int signal_number(const char *name); /* 0: unknown */
const char *signal_name(int number);

/* ---- the native module ---- */

typedef struct Export { const char *name; int length; JSCFunction *function; } Export;
extern const Export loop_exports[], stream_exports[], listen_exports[], resolve_exports[], process_exports[],
    signal_exports[], file_exports[], watch_exports[], crypto_exports[], key_exports[], text_exports[], stack_exports[], memory_exports[], embedded_exports[];
void timer_class(JSContext *context);
void stream_class(JSContext *context);
void socket_classes(JSContext *context);
void watch_class(JSContext *context);
/* An engine that was just made, with its limits set, and a context of it with what we use of the language. NULL ends the process. */
JSRuntime *ready_engine(JSRuntime *js);
JSContext *new_context(JSRuntime *js);
#ifdef EMBEDDED
JSValue read_embedded(JSContext *context, uint32_t index);
JSModuleDef *load_embedded(JSContext *context, const char *name, void *unused);
extern const uint32_t embedded_entries;
#endif
/* DEFLATE (RFC 1951): whether `input` decodes to exactly `size` bytes. */
bool inflate_all(const uint8_t *input, size_t input_size, uint8_t *output, size_t size);
/* Drops the pages of code that are not in use. */
void release_code(void);
JSModuleDef *native_module(JSContext *context);

/* Stack text with every generated position replaced by its source position; takes `stack` as is when there is no map. */
char *map_stack(const char *stack);
/* Where the map is, should it be needed. */
void map_source(const char *path);

#endif
