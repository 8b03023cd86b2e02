// SPDX-License-Identifier: Apache-2.0
/* Bytes written and not yet sent: a chain of blocks, so that many small writes leave in one system call. */
#ifndef QUEUE_H
#define QUEUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Block {
  struct Block *next;
  size_t start, end, capacity;
  uint8_t data[];
} Block;

typedef struct Queue {
  Block *first, *last;
  size_t size;
} Queue;

bool queue_add(Queue *queue, const uint8_t *data, size_t size);
void queue_take(Queue *queue, size_t size); /* drops what was sent */
void queue_clear(Queue *queue);

#endif
