// SPDX-License-Identifier: Apache-2.0
/* Small files, synchronously; replacing one is atomic; watching one watches its directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "runtime.h"

_Static_assert(sizeof(off_t) == 8 && sizeof(ino_t) == 8 && sizeof(time_t) == 8, "sizes, inodes and times must have 64 bits: see tools/compile/runtime.ts");

/* Whole content into memory of malloc; grows as it reads, because /proc files have no size. Returns an errno. */
static int read_all(int fd, uint8_t **data, size_t *size) {
  struct stat status;
  size_t capacity = fstat(fd, &status) == 0 && status.st_size > 0 ? (size_t)status.st_size + 1 : 4096;
  *size = 0;
  *data = malloc(capacity);
  for (ssize_t part = 1; *data && part != 0;) {
    if (*size == capacity) {
      uint8_t *larger = realloc(*data, capacity *= 2);
      if (!larger) return ENOMEM;
      *data = larger;
    }
    part = read(fd, *data + *size, capacity - *size);
    if (part < 0 && errno != EINTR) return errno;
    if (part > 0) *size += part;
  }
  return *data ? 0 : ENOMEM;
}

/* readFile(path | fd, asText) */
static JSValue js_read(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *path = JS_ToCString(context, arguments[0]);
  bool is_input = JS_IsNumber(arguments[0]), malformed;
  int fd = is_input ? 0 : open(path, O_RDONLY | O_CLOEXEC), number = errno;
  uint8_t *data = NULL;
  size_t size;
  if (fd >= 0) {
    number = read_all(fd, &data, &size);
    if (!is_input) close(fd);
  }
  JSValue result = fd < 0 || number ? error_throw("read", number, path)
    : JS_ToBool(context, arguments[1]) ? text_of_bytes(data, size, &malformed) : new_bytes(data, size);
  free(data);
  JS_FreeCString(context, path);
  return result;
}

static int write_all(int fd, const uint8_t *data, size_t size) {
  while (size) {
    ssize_t part = write(fd, data, size);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return part < 0 ? errno : ENOSPC;
    data += part;
    size -= part;
  }
  return 0;
}

static int sync_directory(const char *path) {
  char directory[4096];
  snprintf(directory, sizeof directory, "%s", path);
  char *slash = strrchr(directory, '/');
  if (slash) slash[slash == directory] = 0;
  int fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), number = 0;
  if (fd < 0) return errno;
  if (fsync(fd) < 0 && errno != EINVAL) number = errno;
  close(fd);
  return number;
}

static int replace(const char *path, const Data *data, mode_t mode, bool sync) {
  char temporary[4096];
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  int length = snprintf(temporary, sizeof temporary, "%.*s.%s.%d.tmp", (int)(name - path), path, name, getpid());
  if (length >= (int)sizeof temporary) return ENAMETOOLONG;
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return errno;
  int number = write_all(fd, data->bytes, data->size);
  if (!number && sync && fsync(fd) < 0) number = errno;
  if (close(fd) < 0 && !number) number = errno;
  if (!number && rename(temporary, path) < 0) number = errno;
  if (number) unlink(temporary);
  return number ? number : sync ? sync_directory(path) : 0;
}

static JSValue outcome(JSContext *context, const char *operation, int number, const char *path) {
  JSValue result = number ? error_throw(operation, number, path) : JS_UNDEFINED;
  JS_FreeCString(context, path);
  return result;
}

/* replaceFile(path, data, mode, sync) */
static JSValue js_replace(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Data data;
  int32_t mode;
  if (JS_ToInt32(context, &mode, arguments[2]) || !data_of(arguments[1], &data)) return JS_EXCEPTION;
  const char *path = JS_ToCString(context, arguments[0]);
  int number = replace(path, &data, mode, JS_ToBool(context, arguments[3]));
  data_free(&data);
  return outcome(context, "replace", number, path);
}

/* appendFile(path, data) */
static JSValue js_append(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Data data;
  if (!data_of(arguments[1], &data)) return JS_EXCEPTION;
  const char *path = JS_ToCString(context, arguments[0]);
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), number = fd < 0 ? errno : write_all(fd, data.bytes, data.size);
  if (fd >= 0) close(fd);
  data_free(&data);
  return outcome(context, "append", number, path);
}

static int make_directories(const char *path, mode_t mode) {
  char part[4096];
  struct stat status;
  if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) return ENAMETOOLONG;
  for (char *slash = part + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = 0;
    if (mkdir(part, mode) < 0 && errno != EEXIST) return errno;
  }
  if (mkdir(part, mode) == 0) return 0;
  return errno == EEXIST && stat(part, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : errno;
}

/* makeDirectory(path, mode) */
static JSValue js_make_directory(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int32_t mode;
  if (JS_ToInt32(context, &mode, arguments[1])) return JS_EXCEPTION;
  const char *path = JS_ToCString(context, arguments[0]);
  return outcome(context, "mkdir", make_directories(path, mode), path);
}

static JSValue js_remove(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *path = JS_ToCString(context, arguments[0]);
  return outcome(context, "remove", unlink(path) < 0 && errno != ENOENT ? errno : 0, path);
}

static JSValue js_list(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *path = JS_ToCString(context, arguments[0]);
  DIR *directory = opendir(path);
  if (!directory) return outcome(context, "list", errno, path);
  JSValue names = JS_NewArray(context);
  uint32_t length = 0;
  for (struct dirent *entry; errno = 0, (entry = readdir(directory));)
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) JS_SetPropertyUint32(context, names, length++, JS_NewString(context, entry->d_name));
  int number = errno;
  closedir(directory);
  if (number) {
    JS_FreeValue(context, names);
    return outcome(context, "list", number, path);
  }
  JS_FreeCString(context, path);
  return names;
}

/* status(path): [kind, size, modified, inode] or undefined */
static JSValue js_status(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *path = JS_ToCString(context, arguments[0]);
  struct stat status;
  if (stat(path, &status) < 0) return outcome(context, "status", errno == ENOENT || errno == ENOTDIR ? 0 : errno, path);
  JS_FreeCString(context, path);
  const char *kind = S_ISREG(status.st_mode) ? "file" : S_ISDIR(status.st_mode) ? "directory" : S_ISSOCK(status.st_mode) ? "socket" : "other";
  JSValue result = JS_NewArray(context);
  JS_SetPropertyUint32(context, result, 0, JS_NewString(context, kind));
  JS_SetPropertyUint32(context, result, 1, JS_NewInt64(context, status.st_size));
  JS_SetPropertyUint32(context, result, 2, JS_NewFloat64(context, status.st_mtim.tv_sec * 1e3 + status.st_mtim.tv_nsec / 1000000));
  JS_SetPropertyUint32(context, result, 3, JS_NewInt64(context, status.st_ino));
  return result;
}

const Export file_exports[] = {
  { "readFile", 2, js_read }, { "replaceFile", 4, js_replace }, { "appendFile", 2, js_append }, { "makeDirectory", 2, js_make_directory },
  { "remove", 1, js_remove }, { "list", 1, js_list }, { "status", 1, js_status }, { 0 },
};

/* ---- watching ---- */

typedef struct Watch {
  Handle handle;
  Watcher watcher;
  char *name; /* the file's name in its directory */
  JSValue self, changed; /* held while open */
} Watch;

static JSClassID class_id;

static void watch_close(Watch *watch) {
  if (watch->watcher.fd < 0) return;
  watcher_set(&watch->watcher, 0);
  close(watch->watcher.fd);
  watch->watcher.fd = -1;
  handle_deactivate(&watch->handle);
  JSValue self = watch->self, changed = watch->changed;
  watch->self = watch->changed = JS_UNDEFINED;
  JS_FreeValue(runtime.context, changed);
  JS_FreeValue(runtime.context, self);
}

static void dispose(Handle *handle) {
  watch_close(owner_of(handle, Watch, handle));
}

static void changes_ready(Watcher *watcher, uint32_t events) {
  Watch *watch = owner_of(watcher, Watch, watcher);
  union { struct inotify_event event; char bytes[4096]; } buffer;
  bool concerned = false;
  for (ssize_t size; (size = read(watcher->fd, &buffer, sizeof buffer)) > 0;)
    for (char *at = buffer.bytes; at < buffer.bytes + size;) {
      struct inotify_event *event = (struct inotify_event *)at;
      concerned |= (event->mask & IN_Q_OVERFLOW) || (event->len && strcmp(event->name, watch->name) == 0);
      at += sizeof *event + event->len;
    }
  if (!concerned) return;
  JSValue self = JS_DupValue(runtime.context, watch->self), changed = JS_DupValue(runtime.context, watch->changed);
  call_function(changed, JS_UNDEFINED, 0, NULL);
  JS_FreeValue(runtime.context, changed);
  JS_FreeValue(runtime.context, self);
}

/* watch(path, changed): IN_CREATE is left out, as the writer has not written yet; a new hard link or socket thus goes unnoticed */
static JSValue js_watch(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *path = JS_ToCString(context, arguments[0]);
  if (!path) return JS_EXCEPTION;
  char directory[4096];
  snprintf(directory, sizeof directory, "%s", path);
  char *slash = strrchr(directory, '/');
  if (slash) slash[slash == directory] = 0;
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
  if (fd < 0 || inotify_add_watch(fd, slash ? directory : ".", mask) < 0) {
    int number = errno;
    if (fd >= 0) close(fd);
    return outcome(context, "watch", number, path);
  }
  JSValue object = JS_NewObjectClass(context, class_id);
  Watch *watch = calloc(1, sizeof *watch);
  if (JS_IsException(object) || !watch) abort();
  const char *last = strrchr(path, '/');
  watch->name = strdup(last ? last + 1 : path);
  JS_FreeCString(context, path);
  watch->watcher = (Watcher){ .fd = fd, .ready = changes_ready };
  watch->self = JS_DupValue(context, object);
  watch->changed = JS_DupValue(context, arguments[1]);
  JS_SetOpaque(object, watch);
  handle_activate(&watch->handle, dispose);
  watcher_set(&watch->watcher, EPOLLIN);
  return object;
}

static JSValue js_close(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  Watch *watch = JS_GetOpaque2(context, self, class_id);
  if (!watch) return JS_EXCEPTION;
  watch_close(watch);
  return JS_UNDEFINED;
}

static void finalize(JSRuntime *js, JSValue value) {
  Watch *watch = JS_GetOpaque(value, class_id);
  if (!watch) return;
  free(watch->name);
  free(watch);
}

static const JSClassDef definition = { "Watch", .finalizer = finalize };
static const JSCFunctionListEntry methods[] = { JS_CFUNC_DEF("close", 0, js_close) };

void watch_class(JSContext *context) {
  JS_NewClassID(&class_id);
  JS_NewClass(runtime.js, class_id, &definition);
  JSValue prototype = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, prototype, methods, 1);
  JS_SetClassProto(context, class_id, prototype);
}

const Export watch_exports[] = { { "watch", 2, js_watch }, { 0 } };
