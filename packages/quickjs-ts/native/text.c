// SPDX-License-Identifier: Apache-2.0
/* Bytes and UTF-8 text: what TextEncoder, TextDecoder, files and sockets share. */
#include <stdlib.h>
#include <string.h>
#include "engine.h"
#include "runtime.h"

JSValue new_bytes(const uint8_t *data, size_t size) {
  JSContext *context = runtime.context;
  JSValue buffer = JS_NewArrayBufferCopy(context, data, size);
  if (JS_IsException(buffer)) return buffer;
  JSValue array = engine_uint8_array(context, buffer);
  JS_FreeValue(context, buffer);
  return array;
}

bool bytes_of(JSValueConst value, const uint8_t **data, size_t *size) {
  JSContext *context = runtime.context;
  size_t offset, length, buffer_size;
  JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, &length, NULL);
  if (JS_IsException(buffer)) return false;
  uint8_t *start = JS_GetArrayBuffer(context, &buffer_size, buffer);
  JS_FreeValue(context, buffer); /* the array still holds it */
  if (!start && buffer_size != 0) return false;
  *data = start ? start + offset : (const uint8_t *)"";
  *size = length;
  return true;
}

bool data_of(JSValueConst value, Data *data) {
  data->text = NULL;
  if (!JS_IsString(value)) return bytes_of(value, &data->bytes, &data->size);
  data->text = JS_ToCStringLen(runtime.context, &data->size, value);
  data->bytes = (const uint8_t *)data->text;
  return data->text != NULL;
}

void data_free(Data *data) {
  JS_FreeCString(runtime.context, data->text);
}

/* Length of the well-formed sequence at `data` (Unicode 15, table 3-7), or minus the length of the malformed part to be replaced. */
static int sequence(const uint8_t *data, size_t size) {
  uint8_t lead = data[0];
  if (lead < 0x80) return 1;
  int length = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (!length) return -1;
  uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (int index = 1; index < length; index++, low = 0x80, high = 0xbf)
    if ((size_t)index >= size || data[index] < low || data[index] > high) return -index;
  return length;
}

/* Bytes at the end that begin a sequence which may still become whole. */
static size_t unfinished(const uint8_t *data, size_t size) {
  for (size_t back = 1; back <= 3 && back <= size; back++) {
    const uint8_t *lead = data + size - back;
    if (*lead < 0x80) return 0;
    if (*lead < 0xc0) continue;
    return sequence(lead, back) == -(int)back && back < (*lead >= 0xf0 ? 4u : *lead >= 0xe0 ? 3u : 2u) && *lead >= 0xc2 && *lead <= 0xf4 ? back : 0;
  }
  return 0;
}

JSValue text_of_bytes(const uint8_t *data, size_t size, bool *malformed) {
  JSContext *context = runtime.context;
  size_t good = 0;
  int length = 0;
  *malformed = false;
  while (good < size && (length = sequence(data + good, size - good)) > 0) good += length;
  if (good == size) return JS_NewStringLen(context, (const char *)data, size);
  *malformed = true;
  uint8_t *repaired = js_malloc(context, size * 3);
  if (!repaired) return JS_EXCEPTION;
  size_t out = 0;
  for (size_t in = 0; in < size;) {
    length = sequence(data + in, size - in);
    memcpy(repaired + out, length > 0 ? data + in : (const uint8_t *)"\xef\xbf\xbd", length > 0 ? length : 3);
    out += length > 0 ? length : 3;
    in += abs(length);
  }
  JSValue text = JS_NewStringLen(context, (char *)repaired, out);
  js_free(context, repaired);
  return text;
}

/* utf8Encode(text): Uint8Array. QuickJS writes a lone surrogate as three bytes; the standard wants U+FFFD. */
static JSValue js_encode(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  size_t size;
  const char *text = JS_ToCStringLen(context, &size, arguments[0]);
  if (!text) return JS_EXCEPTION;
  JSValue array = new_bytes((const uint8_t *)text, size);
  JS_FreeCString(context, text);
  const uint8_t *bytes;
  if (JS_IsException(array) || !bytes_of(array, &bytes, &size)) return array;
  for (uint8_t *byte = (uint8_t *)bytes; byte + 2 < bytes + size; byte++)
    if (byte[0] == 0xed && byte[1] >= 0xa0) memcpy(byte, "\xef\xbf\xbd", 3);
  return array;
}

/* utf8Decode(bytes, fatal): string */
static JSValue js_decode(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const uint8_t *data;
  size_t size;
  bool malformed;
  if (!bytes_of(arguments[0], &data, &size)) return JS_EXCEPTION;
  JSValue text = text_of_bytes(data, size, &malformed);
  if (!malformed || !JS_ToBool(context, arguments[1])) return text;
  JS_FreeValue(context, text);
  return JS_ThrowTypeError(context, "The encoded data was not valid for encoding utf-8");
}

/* utf8Unfinished(bytes): number of bytes at the end that wait for more */
static JSValue js_unfinished(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const uint8_t *data;
  size_t size;
  if (!bytes_of(arguments[0], &data, &size)) return JS_EXCEPTION;
  return JS_NewInt32(context, (int)unfinished(data, size));
}

const Export text_exports[] = { { "utf8Encode", 1, js_encode }, { "utf8Decode", 2, js_decode }, { "utf8Unfinished", 1, js_unfinished }, { 0 } };
