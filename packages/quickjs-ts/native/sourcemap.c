// SPDX-License-Identifier: Apache-2.0
/*
 * Source positions of errors, by a source map (ECMA-426, version 3). The map is read from its file when an error is printed and freed again:
 * normal running pays nothing for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime.h"

static char location[4096];

void map_source(const char *path) {
  snprintf(location, sizeof location, "%s", path);
}

static char *read_map(size_t *size) {
  FILE *file = *location ? fopen(location, "rb") : NULL;
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long end = ftell(file);
  rewind(file);
  char *text = end < 0 ? NULL : malloc(end + 1);
  *size = text ? fread(text, 1, end, file) : 0;
  fclose(file);
  if (text) text[*size] = 0;
  return text;
}

/* One base64 VLQ number; advances *at. */
static int number_at(const char **at) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned value = 0;
  for (int shift = 0; shift < 30; shift += 5) {
    const char *digit = **at ? strchr(digits, **at) : NULL;
    if (!digit) break;
    (*at)++;
    value |= (unsigned)((digit - digits) & 31) << shift;
    if (digit - digits < 32) break;
  }
  return value & 1 ? -(int)(value >> 1) : (int)(value >> 1);
}

typedef struct Position { int source, line, column; } Position;

/* The last mapping at or before the generated position (both counted from 1); false when its line has none. */
static bool look_up(const char *mappings, int line, int column, Position *found) {
  Position at = { 0, 0, 0 };
  int generated_line = 1, generated_column = 0;
  bool any = false;
  while (*mappings && generated_line <= line) {
    if (*mappings == ';') {
      mappings++;
      generated_line++;
      generated_column = 0;
      continue;
    }
    if (*mappings == ',') {
      mappings++;
      continue;
    }
    const char *before = mappings;
    generated_column += number_at(&mappings);
    bool has_source = *mappings && *mappings != ',' && *mappings != ';';
    if (has_source) {
      at.source += number_at(&mappings);
      at.line += number_at(&mappings);
      at.column += number_at(&mappings);
      if (*mappings && *mappings != ',' && *mappings != ';') number_at(&mappings);
    }
    if (mappings == before) break; /* malformed */
    if (has_source && generated_line == line && generated_column < column) {
      *found = at;
      any = true;
    }
  }
  return any;
}

/* Sources are relative to the map; what leads upwards is left out, so that paths are those of the repository. */
static void print_position(FILE *output, JSContext *context, JSValueConst sources, const Position *position) {
  JSValue source = JS_GetPropertyUint32(context, sources, position->source);
  const char *name = JS_ToCString(context, source), *start = name ? name : "?";
  while (strncmp(start, "../", 3) == 0) start += 3;
  fprintf(output, "%s:%d:%d", start, position->line + 1, position->column + 1);
  JS_FreeCString(context, name);
  JS_FreeValue(context, source);
}

/* Copies `stack`, replacing each "(FILE:LINE:COLUMN)". */
static void print_mapped(FILE *output, JSContext *context, const char *stack, const char *mappings, JSValueConst sources) {
  for (const char *open; *stack; stack = open) {
    open = strchr(stack, '(');
    const char *close = open ? strchr(open, ')') : NULL;
    if (!close) {
      fputs(stack, output);
      return;
    }
    const char *column = close, *line;
    while (column > open && *column != ':') column--;
    for (line = column - 1; line > open && *line != ':';) line--;
    Position position;
    fwrite(stack, 1, open + 1 - stack, output);
    if (line > open && look_up(mappings, atoi(line + 1), atoi(column + 1), &position)) {
      print_position(output, context, sources, &position);
      open = close;
    } else {
      open++;
    }
  }
}

char *map_stack(const char *stack) {
  JSContext *context = runtime.context;
  size_t size, length;
  char *text = read_map(&size), *result = NULL;
  if (!text) return strdup(stack);
  JSValue map = JS_ParseJSON(context, text, size, "map");
  free(text);
  if (JS_IsException(map)) {
    JS_FreeValue(context, JS_GetException(context));
    return strdup(stack);
  }
  JSValue mappings = JS_GetPropertyStr(context, map, "mappings"), sources = JS_GetPropertyStr(context, map, "sources");
  const char *encoded = JS_ToCString(context, mappings);
  FILE *output = open_memstream(&result, &length);
  if (output && encoded) print_mapped(output, context, stack, encoded, sources);
  if (output) fclose(output);
  JS_FreeCString(context, encoded);
  JS_FreeValue(context, mappings);
  JS_FreeValue(context, sources);
  JS_FreeValue(context, map);
  return result;
}

/* mapStack(stack): the same with source positions */
static JSValue js_map_stack(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const char *stack = JS_ToCString(context, arguments[0]);
  if (!stack) return JS_EXCEPTION;
  char *mapped = map_stack(stack);
  JSValue result = JS_NewString(context, mapped ? mapped : stack);
  free(mapped);
  JS_FreeCString(context, stack);
  return result;
}

const Export stack_exports[] = { { "mapStack", 1, js_map_stack }, { 0 } };
