// SPDX-License-Identifier: Apache-2.0
/* The event loop: tasks, then timers that are due, then what epoll reports; it ends when nothing is left that could cause an event. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "runtime.h"

enum { BATCH = 64, LONGEST_WAIT = 3600 * 1000 };

static int poller = -1;
static struct list_head tasks;
static Timer **heap;
static uint32_t heap_count, heap_size;
static uint64_t timer_count;
/* The events being delivered; a watcher that goes meanwhile is struck out. */
static struct epoll_event batch[BATCH];
static int batch_count;

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* ---- tasks ---- */

void task_schedule(Task *task) {
  if (!task->link.next) list_add_tail(&task->link, &tasks);
}

void task_cancel(Task *task) {
  if (task->link.next) list_del(&task->link);
  task->link.next = NULL;
}

/* Tasks that tasks schedule wait for the next turn, so that sockets and timers get theirs. */
static void run_tasks(void) {
  struct list_head turn;
  Task last = { .run = NULL };
  init_list_head(&turn);
  list_add_tail(&last.link, &tasks);
  while (tasks.next != &last.link && !runtime.exiting) {
    Task *task = owner_of(tasks.next, Task, link);
    task_cancel(task);
    task->run(task);
  }
  list_del(&last.link);
}

/* ---- timers: a binary heap, earliest first ---- */

static bool earlier(const Timer *a, const Timer *b) {
  return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void place(Timer *timer, uint32_t index) {
  heap[index] = timer;
  timer->slot = index + 1;
}

static void sift(Timer *timer, uint32_t index) {
  while (index > 0 && earlier(timer, heap[(index - 1) / 2])) {
    place(heap[(index - 1) / 2], index);
    index = (index - 1) / 2;
  }
  for (uint32_t child; (child = 2 * index + 1) < heap_count; index = child) {
    if (child + 1 < heap_count && earlier(heap[child + 1], heap[child])) child++;
    if (!earlier(heap[child], timer)) break;
    place(heap[child], index);
  }
  place(timer, index);
}

void timer_start(Timer *timer, double due) {
  timer_stop(timer);
  if (heap_count == heap_size) {
    uint32_t size = heap_size ? 2 * heap_size : 16;
    Timer **larger = realloc(heap, size * sizeof *heap);
    if (!larger) abort();
    heap = larger;
    heap_size = size;
  }
  timer->due = due;
  timer->order = timer_count++;
  sift(timer, heap_count++);
}

void timer_stop(Timer *timer) {
  if (!timer->slot) return;
  uint32_t index = timer->slot - 1;
  timer->slot = 0;
  Timer *last = heap[--heap_count];
  if (last != timer) sift(last, index);
}

static void run_timers(void) {
  double turn = now();
  uint64_t made_before = timer_count;
  while (heap_count && !runtime.exiting && heap[0]->due <= turn && heap[0]->order < made_before) {
    Timer *timer = heap[0];
    timer_stop(timer);
    timer->run(timer);
  }
}

/* ---- descriptors ---- */

int watcher_set(Watcher *watcher, uint32_t events) {
  if (events == watcher->events) return 0;
  struct epoll_event event = { .events = events, .data.ptr = watcher };
  int operation = !events ? EPOLL_CTL_DEL : watcher->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  watcher->events = events;
  for (int index = 0; !events && index < batch_count; index++)
    if (batch[index].data.ptr == watcher) batch[index].data.ptr = NULL;
  return epoll_ctl(poller, operation, watcher->fd, &event) < 0 ? errno : 0;
}

static void poll_events(int wait) {
  int count = epoll_wait(poller, batch, BATCH, wait);
  batch_count = count > 0 ? count : 0;
  for (int index = 0; index < batch_count && !runtime.exiting; index++) {
    Watcher *watcher = batch[index].data.ptr;
    if (watcher && watcher->events) watcher->ready(watcher, batch[index].events);
  }
  batch_count = 0;
}

/* ---- the loop ---- */

void handle_activate(Handle *handle, void (*dispose)(Handle *)) {
  handle->dispose = dispose;
  list_add_tail(&handle->link, &runtime.handles);
}

void handle_deactivate(Handle *handle) {
  if (handle->link.next) list_del(&handle->link);
  handle->link.next = NULL;
}

/* Milliseconds that epoll may wait, rounded up: a timer never fires early. */
static int wait_time(void) {
  if (!list_empty(&tasks)) return 0;
  if (!heap_count) return LONGEST_WAIT;
  double left = heap[0]->due - now();
  if (left <= 0) return 0;
  return left >= LONGEST_WAIT ? LONGEST_WAIT : (int)left + 1;
}

void loop_run(void) {
  run_jobs();
  while (!runtime.exiting) {
    run_tasks();
    run_timers();
    if (runtime.exiting || (list_empty(&tasks) && !heap_count && list_empty(&runtime.handles))) break;
    poll_events(wait_time());
  }
}

void loop_init(void) {
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (poller < 0) abort();
  init_list_head(&tasks);
  init_list_head(&runtime.handles);
  init_list_head(&runtime.idle_handles);
}

/* ---- timers for JavaScript ---- */

typedef struct JsTimer {
  Timer timer;
  double interval; /* negative: once */
  JSValue self, run; /* held while armed */
} JsTimer;

static JSClassID timer_class_id;

static void js_timer_release(JsTimer *timer) {
  JSValue self = timer->self, run = timer->run;
  timer->self = timer->run = JS_UNDEFINED;
  JS_FreeValue(runtime.context, run);
  JS_FreeValue(runtime.context, self);
}

static void js_timer_fire(Timer *base) {
  JsTimer *timer = (JsTimer *)base;
  JSContext *context = runtime.context;
  JSValue run = JS_DupValue(context, timer->run), self = JS_DupValue(context, timer->self);
  if (timer->interval < 0) {
    js_timer_release(timer);
  } else {
    double next = base->due + timer->interval, earliest = now();
    timer_start(base, next > earliest ? next : earliest + timer->interval);
  }
  call_function(run, JS_UNDEFINED, 0, NULL);
  JS_FreeValue(context, run);
  JS_FreeValue(context, self);
}

static JSValue js_timer_new(JSContext *context, JSValueConst delay, JSValueConst run, bool repeats) {
  double milliseconds;
  if (!JS_IsFunction(context, run)) return JS_ThrowTypeError(context, "timer: run must be a function");
  if (JS_ToFloat64(context, &milliseconds, delay)) return JS_EXCEPTION;
  if (!(milliseconds >= 0)) milliseconds = 0;
  JSValue object = JS_NewObjectClass(context, timer_class_id);
  JsTimer *timer = js_mallocz(context, sizeof *timer);
  if (JS_IsException(object) || !timer) return JS_EXCEPTION;
  JS_SetOpaque(object, timer);
  timer->timer.run = js_timer_fire;
  timer->interval = !repeats ? -1 : milliseconds < 1 ? 1 : milliseconds;
  timer->self = JS_DupValue(context, object);
  timer->run = JS_DupValue(context, run);
  timer_start(&timer->timer, now() + (repeats ? timer->interval : milliseconds));
  return object;
}

static JSValue js_after(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  return js_timer_new(context, arguments[0], arguments[1], false);
}

static JSValue js_every(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  return js_timer_new(context, arguments[0], arguments[1], true);
}

static JSValue js_timer_cancel(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  JsTimer *timer = JS_GetOpaque2(context, self, timer_class_id);
  if (!timer) return JS_EXCEPTION;
  timer_stop(&timer->timer);
  js_timer_release(timer);
  return JS_UNDEFINED;
}

static JSValue js_now(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  return JS_NewFloat64(context, now());
}

static void js_timer_finalize(JSRuntime *js, JSValue value) {
  JsTimer *timer = JS_GetOpaque(value, timer_class_id);
  if (!timer) return;
  timer_stop(&timer->timer);
  js_free_rt(js, timer);
}

static const JSClassDef timer_definition = { "Timer", .finalizer = js_timer_finalize };
static const JSCFunctionListEntry timer_methods[] = { JS_CFUNC_DEF("cancel", 0, js_timer_cancel) };

void timer_class(JSContext *context) {
  JS_NewClassID(&timer_class_id);
  JS_NewClass(runtime.js, timer_class_id, &timer_definition);
  JSValue prototype = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, prototype, timer_methods, 1);
  JS_SetClassProto(context, timer_class_id, prototype);
}

const Export loop_exports[] = { { "now", 0, js_now }, { "after", 2, js_after }, { "every", 2, js_every }, { 0 } };

/* Only for a clean end: every timer in the heap that belongs to JavaScript, every handle, the poller. */
void loop_free(void) {
  while (heap_count) {
    Timer *timer = heap[0];
    timer_stop(timer);
    if (timer->run == js_timer_fire) js_timer_release((JsTimer *)timer);
  }
  for (struct list_head *all[] = { &runtime.handles, &runtime.idle_handles }, **list = all; list < all + 2; list++)
    while (!list_empty(*list)) {
      Handle *handle = owner_of((*list)->next, Handle, link);
      handle_deactivate(handle);
      handle->dispose(handle);
    }
  while (!list_empty(&tasks)) task_cancel(owner_of(tasks.next, Task, link));
  free(heap);
  heap = NULL;
  heap_size = 0;
  close(poller);
}
