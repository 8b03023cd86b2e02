// SPDX-License-Identifier: Apache-2.0
/*
 * Names and addresses. getaddrinfo(3) blocks, so it runs in a forked child that writes what it found into a pipe: it can be given up at any
 * time, and what the C library's resolver allocates goes with it instead of staying resident.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>
#include "runtime.h"

struct Resolution {
  Handle handle;
  Watcher watcher;
  Timer deadline;
  ChildWatch child;
  int port;
  ResolutionDone *done;
  void *owner;
};

/* What the child writes; at most PIPE_BUF bytes, so it arrives as one piece. */
typedef struct Answer {
  int count;
  struct { uint16_t family; uint32_t scope; uint8_t bytes[16]; } addresses[ENDPOINTS];
} Answer;

static void make_endpoint(Endpoint *endpoint, int family, const void *bytes, uint32_t scope, int port) {
  memset(endpoint, 0, sizeof *endpoint);
  if (family == AF_INET) {
    struct sockaddr_in *address = (struct sockaddr_in *)&endpoint->address;
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
    memcpy(&address->sin_addr, bytes, 4);
    endpoint->size = sizeof *address;
  } else {
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&endpoint->address;
    *address = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope };
    memcpy(&address->sin6_addr, bytes, 16);
    endpoint->size = sizeof *address;
  }
}

bool endpoint_literal(const char *host, int port, Endpoint *endpoint) {
  uint8_t bytes[16];
  char address[64];
  if (port < 0 || port > 65535 || strlen(host) >= sizeof address) return false;
  strcpy(address, host);
  char *zone = strchr(address, '%'); /* RFC 4007 section 11 */
  if (zone) *zone++ = 0;
  int family = strchr(host, ':') ? AF_INET6 : AF_INET;
  if (inet_pton(family, address, bytes) != 1) return false;
  make_endpoint(endpoint, family, bytes, zone ? if_nametoindex(zone) : 0, port);
  return true;
}

bool endpoint_unix(const char *path, Endpoint *endpoint) {
  struct sockaddr_un *address = (struct sockaddr_un *)&endpoint->address;
  memset(endpoint, 0, sizeof *endpoint);
  if (strlen(path) >= sizeof address->sun_path) return false;
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  endpoint->size = sizeof *address;
  return true;
}

int endpoint_print(const Endpoint *endpoint, char *text) {
  const struct sockaddr_in *four = (const struct sockaddr_in *)&endpoint->address;
  const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&endpoint->address;
  *text = 0;
  if (four->sin_family == AF_INET) return inet_ntop(AF_INET, &four->sin_addr, text, 64), ntohs(four->sin_port);
  if (four->sin_family != AF_INET6) return 0;
  inet_ntop(AF_INET6, &six->sin6_addr, text, 46);
  char zone[IF_NAMESIZE];
  if (six->sin6_scope_id && if_indextoname(six->sin6_scope_id, zone)) strcat(strcat(text, "%"), zone);
  return ntohs(six->sin6_port);
}

/* ---- the child ---- */

static void look_up(const char *name, int output) {
  Answer answer = { 0 };
  struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
  if (getaddrinfo(name, NULL, &hints, &found) != 0) found = NULL;
  for (struct addrinfo *each = found; each && answer.count < ENDPOINTS; each = each->ai_next) {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)each->ai_addr;
    bool is_four = each->ai_family == AF_INET;
    if (!is_four && each->ai_family != AF_INET6) continue;
    answer.addresses[answer.count].family = each->ai_family;
    answer.addresses[answer.count].scope = is_four ? 0 : six->sin6_scope_id;
    memcpy(answer.addresses[answer.count++].bytes, is_four ? (void *)&((struct sockaddr_in *)each->ai_addr)->sin_addr : (void *)&six->sin6_addr, is_four ? 4 : 16);
  }
  _exit(write(output, &answer, sizeof answer) == sizeof answer ? 0 : 1);
}

/* ---- the parent ---- */

void resolution_cancel(Resolution *resolution) {
  watcher_set(&resolution->watcher, 0);
  close(resolution->watcher.fd);
  timer_stop(&resolution->deadline);
  child_forget(&resolution->child);
  handle_deactivate(&resolution->handle);
  free(resolution);
}

static void complete(Resolution *resolution, const char *error, const Endpoint *endpoints, int count) {
  ResolutionDone *done = resolution->done;
  void *owner = resolution->owner;
  resolution_cancel(resolution);
  done(owner, error, endpoints, count);
}

static void late(Timer *timer) {
  complete(owner_of(timer, Resolution, deadline), "ETIMEDOUT", NULL, 0);
}

static void answered(Watcher *watcher, uint32_t events) {
  Resolution *resolution = owner_of(watcher, Resolution, watcher);
  Answer answer;
  Endpoint endpoints[ENDPOINTS];
  if (read(watcher->fd, &answer, sizeof answer) != sizeof answer || answer.count == 0) return complete(resolution, "ENOTFOUND", NULL, 0);
  for (int index = 0; index < answer.count; index++)
    make_endpoint(&endpoints[index], answer.addresses[index].family, answer.addresses[index].bytes, answer.addresses[index].scope, resolution->port);
  complete(resolution, NULL, endpoints, answer.count);
}

static void dispose(Handle *handle) {
  resolution_cancel(owner_of(handle, Resolution, handle));
}

static void exited(ChildWatch *child, int status) {
  /* Its answer, or the end of its pipe, tells. */
}

Resolution *resolution_start(const char *name, int port, double timeout, ResolutionDone *done, void *owner) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return NULL;
  int pid = fork();
  if (pid == 0) {
    signals_reset();
    look_up(name, ends[1]);
  }
  close(ends[1]);
  Resolution *resolution = pid < 0 ? NULL : calloc(1, sizeof *resolution);
  if (!resolution) return close(ends[0]), NULL;
  resolution->watcher = (Watcher){ .fd = ends[0], .ready = answered };
  resolution->deadline.run = late;
  resolution->port = port;
  resolution->done = done;
  resolution->owner = owner;
  child_watch(&resolution->child, pid, exited);
  handle_activate(&resolution->handle, dispose);
  timer_start(&resolution->deadline, now() + timeout);
  watcher_set(&resolution->watcher, EPOLLIN);
  return resolution;
}

/* ---- for JavaScript: resolve(name, timeout, done(error, addresses)) ---- */

typedef struct Question { JSValue done; char *name; } Question;

static void tell(void *owner, const char *error, const Endpoint *endpoints, int count) {
  JSContext *context = runtime.context;
  Question *question = owner;
  JSValue arguments[2] = { error ? error_new("resolve", error, question->name, NULL) : JS_UNDEFINED, JS_NewArray(context) };
  for (int index = 0; index < count; index++) {
    char text[64];
    endpoint_print(&endpoints[index], text);
    JS_SetPropertyUint32(context, arguments[1], index, JS_NewString(context, text));
  }
  call_function(question->done, JS_UNDEFINED, 2, arguments);
  JS_FreeValue(context, question->done);
  free(question->name);
  free(question);
}

static JSValue js_resolve(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  double timeout;
  if (JS_ToFloat64(context, &timeout, arguments[1])) return JS_EXCEPTION;
  const char *name = JS_ToCString(context, arguments[0]);
  Question *question = calloc(1, sizeof *question);
  if (!name || !question) return JS_EXCEPTION;
  question->name = strdup(name);
  question->done = JS_DupValue(context, arguments[2]);
  JS_FreeCString(context, name);
  Endpoint endpoint;
  if (endpoint_literal(question->name, 0, &endpoint)) tell(question, NULL, &endpoint, 1);
  else if (!resolution_start(question->name, 0, timeout, tell, question)) tell(question, "EAGAIN", NULL, 0);
  return JS_UNDEFINED;
}

const Export resolve_exports[] = { { "resolve", 3, js_resolve }, { 0 } };
