// SPDX-License-Identifier: Apache-2.0
/*
 * DEFLATE (RFC 1951), decoding only and all at once: for the bytecode in the executable, which is a third of its size when compressed. Small rather than
 * fast; the input is our own build's, and yet every length is checked.
 */
#include <string.h>
#include "runtime.h"

enum { LONGEST = 15, LITERALS = 288, DISTANCES = 30, END = 256 };

typedef struct Input { const uint8_t *at, *end; uint32_t bits; int count; bool failed; } Input;
/* Section 3.2.2: codes of one length are consecutive numbers; `count` of each length, and the symbols in the order of their codes. */
typedef struct Code { uint16_t count[LONGEST + 1], symbol[LITERALS]; } Code;

static uint32_t take(Input *in, int count) {
  while (in->count < count) {
    if (in->at == in->end) return in->failed = true, 0;
    in->bits |= (uint32_t)*in->at++ << in->count;
    in->count += 8;
  }
  uint32_t value = in->bits & ((1u << count) - 1);
  in->bits >>= count;
  in->count -= count;
  return value;
}

static int decode(Input *in, const Code *code) {
  int value = 0, first = 0, index = 0;
  for (int length = 1; length <= LONGEST; length++) {
    value |= (int)take(in, 1);
    int count = code->count[length];
    if (in->failed) return -1;
    if (value - first < count) return code->symbol[index + value - first];
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  in->failed = true;
  return -1;
}

static void build(Code *code, const uint8_t *lengths, int symbols) {
  uint16_t next[LONGEST + 2] = { 0 };
  memset(code->count, 0, sizeof code->count);
  for (int i = 0; i < symbols; i++) code->count[lengths[i]]++;
  code->count[0] = 0;
  for (int length = 1; length <= LONGEST; length++) next[length + 1] = next[length] + code->count[length];
  for (int i = 0; i < symbols; i++) if (lengths[i]) code->symbol[next[lengths[i]]++] = i;
}

/* Section 3.2.7. */
static void read_codes(Input *in, Code *literals, Code *distances) {
  static const uint8_t order[] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
  uint8_t lengths[LITERALS + 32] = { 0 }, small[19] = { 0 };
  int literal_count = take(in, 5) + 257, distance_count = take(in, 5) + 1, small_count = take(in, 4) + 4;
  for (int i = 0; i < small_count; i++) small[order[i]] = take(in, 3);
  build(literals, small, 19);
  for (int i = 0; i < literal_count + distance_count && !in->failed;) {
    int symbol = decode(in, literals);
    if (symbol < 16) { lengths[i++] = symbol < 0 ? 0 : symbol; continue; }
    int repeat = symbol == 16 ? 3 + (int)take(in, 2) : symbol == 17 ? 3 + (int)take(in, 3) : 11 + (int)take(in, 7);
    uint8_t length = symbol == 16 && i > 0 ? lengths[i - 1] : 0;
    if ((symbol == 16 && i == 0) || i + repeat > literal_count + distance_count) in->failed = true;
    else while (repeat--) lengths[i++] = length;
  }
  build(literals, lengths, literal_count);
  build(distances, lengths + literal_count, distance_count);
}

static void fixed_codes(Code *literals, Code *distances) {
  uint8_t lengths[LITERALS];
  for (int i = 0; i < LITERALS; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  build(literals, lengths, LITERALS);
  memset(lengths, 5, DISTANCES);
  build(distances, lengths, DISTANCES);
}

/* Section 3.2.5. The number of bytes in the output afterwards. */
static size_t block(Input *in, const Code *literals, const Code *distances, uint8_t *output, size_t at, size_t size) {
  static const uint16_t length_base[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
  static const uint16_t distance_base[] = { 1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577 };
  for (;;) {
    int symbol = decode(in, literals);
    if (symbol == END || in->failed) return at;
    if (symbol < END) {
      if (at == size) return in->failed = true, at;
      output[at++] = symbol;
      continue;
    }
    symbol -= END + 1;
    if (symbol > 28) return in->failed = true, at;
    size_t length = length_base[symbol] + take(in, symbol < 8 || symbol == 28 ? 0 : (symbol - 4) >> 2);
    int code = decode(in, distances);
    if (code < 0 || code >= DISTANCES) return in->failed = true, at;
    size_t distance = distance_base[code] + take(in, code < 4 ? 0 : (code - 2) >> 1);
    if (in->failed || distance > at || length > size - at) return in->failed = true, at;
    for (; length--; at++) output[at] = output[at - distance];
  }
}

/* Section 3.2.4. */
static size_t stored(Input *in, uint8_t *output, size_t at, size_t size) {
  in->bits = in->count = 0; /* up to the next byte; never more than seven bits are waiting here */
  uint32_t length = take(in, 16), inverse = take(in, 16);
  if (in->failed || (length ^ inverse) != 0xffff || length > (size_t)(in->end - in->at) || length > size - at) return in->failed = true, at;
  memcpy(output + at, in->at, length);
  in->at += length;
  return at + length;
}

bool inflate_all(const uint8_t *input, size_t input_size, uint8_t *output, size_t size) {
  Input in = { input, input + input_size, 0, 0, false };
  Code literals, distances;
  size_t at = 0;
  for (bool last = false; !last && !in.failed;) {
    last = take(&in, 1);
    switch (take(&in, 2)) {
      case 0: at = stored(&in, output, at, size); continue;
      case 1: fixed_codes(&literals, &distances); break;
      case 2: read_codes(&in, &literals, &distances); break;
      default: return false;
    }
    if (!in.failed) at = block(&in, &literals, &distances, output, at, size);
  }
  return !in.failed && at == size;
}
