// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include "queue.h"

enum { SMALL_BLOCK = 4096 - sizeof(Block) - 16 };

bool queue_add(Queue *queue, const uint8_t *data, size_t size) {
  Block *last = queue->last;
  if (last) {
    size_t fits = last->capacity - last->end < size ? last->capacity - last->end : size;
    memcpy(last->data + last->end, data, fits);
    last->end += fits;
    queue->size += fits;
    data += fits;
    size -= fits;
  }
  if (!size) return true;
  size_t capacity = size > SMALL_BLOCK ? size : SMALL_BLOCK;
  Block *block = malloc(sizeof *block + capacity);
  if (!block) return false;
  *block = (Block){ .end = size, .capacity = capacity };
  memcpy(block->data, data, size);
  *(last ? &last->next : &queue->first) = block;
  queue->last = block;
  queue->size += size;
  return true;
}

void queue_take(Queue *queue, size_t size) {
  queue->size -= size;
  while (size) {
    Block *block = queue->first;
    size_t part = block->end - block->start < size ? block->end - block->start : size;
    block->start += part;
    size -= part;
    if (block->start < block->end) return;
    queue->first = block->next;
    if (!block->next) queue->last = NULL;
    free(block);
  }
}

void queue_clear(Queue *queue) {
  queue_take(queue, queue->size);
}
