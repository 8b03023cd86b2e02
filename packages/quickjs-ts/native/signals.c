// SPDX-License-Identifier: Apache-2.0
/* Signals arrive through signalfd(2); SIGCHLD leads to the children that somebody watches. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime.h"

enum { SIGNALS = 32 };
#define NAME(signal) { signal, #signal }
/* The numbers differ between architectures (MIPS); the names do not. */
static const struct { int number; const char *name; } names[] = {
  NAME(SIGHUP), NAME(SIGINT), NAME(SIGQUIT), NAME(SIGILL), NAME(SIGTRAP), NAME(SIGABRT), NAME(SIGBUS), NAME(SIGFPE), NAME(SIGKILL), NAME(SIGUSR1),
  NAME(SIGSEGV), NAME(SIGUSR2), NAME(SIGPIPE), NAME(SIGALRM), NAME(SIGTERM), NAME(SIGCHLD), NAME(SIGCONT), NAME(SIGSTOP), NAME(SIGSYS),
};
static sigset_t caught;
static JSValue callbacks[SIGNALS];
static struct list_head children;

int signal_number(const char *name) {
  for (size_t index = 0; index < sizeof names / sizeof *names; index++)
    if (strcmp(names[index].name, name) == 0) return names[index].number;
  return 0;
}

const char *signal_name(int number) {
  for (size_t index = 0; index < sizeof names / sizeof *names; index++)
    if (names[index].number == number) return names[index].name;
  return "SIGUNKNOWN";
}

static void reap_children(void) {
  struct list_head *element, *next;
again:
  list_for_each_safe(element, next, &children) {
    ChildWatch *watch = owner_of(element, ChildWatch, link);
    int status;
    if (waitpid(watch->pid, &status, WNOHANG) != watch->pid) continue;
    list_del(&watch->link);
    watch->link.next = NULL;
    watch->exited(watch, status);
    goto again; /* the callback may have changed the list */
  }
}

static void signal_ready(Watcher *watcher, uint32_t events) {
  struct signalfd_siginfo info;
  while (!runtime.exiting && read(watcher->fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) reap_children();
    else if (info.ssi_signo < SIGNALS) {
      JSValue callback = JS_DupValue(runtime.context, callbacks[info.ssi_signo]);
      call_function(callback, JS_UNDEFINED, 0, NULL);
      JS_FreeValue(runtime.context, callback);
    }
  }
}

static Watcher watcher = { .fd = -1, .ready = signal_ready };

void signals_init(void) {
  init_list_head(&children);
  for (int number = 0; number < SIGNALS; number++) callbacks[number] = JS_UNDEFINED;
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&caught);
  sigaddset(&caught, SIGCHLD);
  sigprocmask(SIG_BLOCK, &caught, NULL);
  watcher.fd = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
  watcher_set(&watcher, EPOLLIN);
}

void signals_reset(void) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_free(void) {
  watcher_set(&watcher, 0);
  close(watcher.fd);
  for (int number = 0; number < SIGNALS; number++) JS_FreeValue(runtime.context, callbacks[number]);
}

void child_watch(ChildWatch *watch, int pid, void (*exited)(ChildWatch *, int)) {
  watch->pid = pid;
  watch->exited = exited;
  list_add_tail(&watch->link, &children);
}

void child_forget(ChildWatch *watch) {
  if (!watch->link.next) return;
  list_del(&watch->link);
  watch->link.next = NULL;
  kill(watch->pid, SIGKILL);
  while (waitpid(watch->pid, NULL, 0) < 0 && errno == EINTR);
}

/* onSignal(name, callback | undefined) */
static JSValue js_on_signal(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *name = JS_ToCString(context, arguments[0]);
  if (!name) return JS_EXCEPTION;
  int number = signal_number(name);
  JS_FreeCString(context, name);
  if (!number || number == SIGCHLD) return JS_ThrowRangeError(context, "signal: not one that can be handled");
  JSValue before = callbacks[number];
  callbacks[number] = JS_DupValue(context, arguments[1]);
  JS_FreeValue(context, before);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  bool wanted = !JS_IsUndefined(arguments[1]);
  if (wanted) sigaddset(&caught, number);
  else sigdelset(&caught, number);
  if (wanted) sigprocmask(SIG_BLOCK, &one, NULL);
  signalfd(watcher.fd, &caught, 0);
  if (!wanted) sigprocmask(SIG_UNBLOCK, &one, NULL);
  return JS_UNDEFINED;
}

const Export signal_exports[] = { { "onSignal", 2, js_on_signal }, { 0 } };
