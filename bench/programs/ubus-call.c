// SPDX-License-Identifier: Apache-2.0
/*
 * The least that `ubus call` can do: connect, read the greeting, look the object up, invoke, read until its status. No JSON, no event loop.
 * A stand-in for OpenWrt's command where OPENWRT_PREFIX names none; the real one does more and is slower.
 * Arguments: the daemon's socket, object, method. Exit status: the call's, or 255.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATUS = 1, LOOKUP = 4, INVOKE = 5, ATTR_STATUS = 1, ATTR_PATH = 2, ATTR_OBJECT = 3, ATTR_METHOD = 4, ATTR_DATA = 7 };
static unsigned char message[8 + (1 << 20)];

static uint32_t get(const unsigned char *at) { return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3]; }
static void put(unsigned char *at, uint32_t value) { value = htonl(value); memcpy(at, &value, 4); }

static size_t attribute(size_t at, unsigned id, const void *data, size_t size) {
  put(message + at, (uint32_t)id << 24 | (uint32_t)(size + 4));
  memset(message + at + 4, 0, (size + 3) & ~3u);
  memcpy(message + at + 4, data, size);
  return at + 4 + ((size + 3) & ~3u);
}

static int send_message(int fd, unsigned type, uint32_t peer, size_t end) {
  put(message, type << 16 | 1);
  put(message + 4, peer);
  put(message + 8, (uint32_t)(end - 8));
  return write(fd, message, end) == (ssize_t)end;
}

/* Reads one message whole; returns its type, or -1. */
static int receive(int fd) {
  size_t have = 0, want = 12;
  while (have < want) {
    ssize_t got = read(fd, message + have, want - have);
    if (got <= 0) return -1;
    have += (size_t)got;
    if (have == 12) want = 8 + (get(message + 8) & 0xffffff);
    if (want > sizeof message) return -1;
  }
  return message[1];
}

static int find(unsigned id, uint32_t *value) {
  size_t end = 8 + (get(message + 8) & 0xffffff);
  for (size_t at = 12; at + 8 <= end; at += ((get(message + at) & 0xffffff) + 3) & ~3u) {
    if ((get(message + at) & 0xffffff) < 4) return 0;
    if (message[at] == id) return *value = get(message + at + 4), 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4) return 255;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 || receive(fd) != 0) return 255;
  uint32_t object = 0, status = 255;
  if (!send_message(fd, LOOKUP, 0, attribute(12, ATTR_PATH, argv[2], strlen(argv[2]) + 1))) return 255;
  for (int type; (type = receive(fd)) != STATUS;) if (type < 0 || !find(ATTR_OBJECT, &object)) return 255;
  static const unsigned char data[] = {
    0x83, 0, 0, 0x1e, 0, 3, 'm', 'a', 'c', 0, 0, 0, '0', '2', ':', '0', '0', ':', '0', '0', ':', '0', '0', ':', '0', '0', ':', '0', '1', 0, 0, 0,
    0x85, 0, 0, 0x14, 0, 6, 's', 'i', 'g', 'n', 'a', 'l', 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xc4,
  };
  uint32_t id = htonl(object);
  size_t end = attribute(12, ATTR_OBJECT, &id, 4);
  end = attribute(end, ATTR_METHOD, argv[3], strlen(argv[3]) + 1);
  if (!send_message(fd, INVOKE, object, attribute(end, ATTR_DATA, data, sizeof data))) return 255;
  for (int type; (type = receive(fd)) != STATUS;) if (type < 0) return 255;
  return find(ATTR_STATUS, &status) ? (int)status : 255;
}
