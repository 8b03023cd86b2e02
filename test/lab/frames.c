// SPDX-License-Identifier: Apache-2.0
// Sends and shows raw Ethernet frames on one interface, for attacks in the lab: no network stack in between.
//
//   frames INTERFACE
//
// Commands, one a line on standard input; the program ends with its input:
//   send HEX                          one frame, as it is, without padding or checks
//   flood COUNT PER_SECOND OFFSET HEX COUNT frames; the 16-bit field at byte OFFSET counts up (0: nothing does)
//   capture on|off                    show what arrives
//   filter CODE,JT,JF,K ...           of what arrives from now on: a program of the kernel's packet filter, as tcpdump -ddd prints it, a space for each line's end
// Lines on standard output: "< HEX MICROSECONDS" a frame that arrived, and when by the kernel's wall clock; for each command, once it is carried out, "done" or "! TEXT" when it failed.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 4096, LINE_MAX_BYTES = 2 * FRAME_MAX + 64 };

struct flood {
    uint8_t frame[FRAME_MAX];
    size_t length, offset;
    unsigned long left;
    uint64_t interval_ns, next_ns;
};

static bool capturing;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// Returns the number of bytes, 0 when the text is not lower-case hex of a possible frame.
static size_t decode(const char *text, uint8_t *out)
{
    size_t n = 0;
    for (; text[0] && text[0] != '\n'; text += 2) {
        int high = nibble(text[0]), low = high < 0 ? -1 : nibble(text[1]);
        if (low < 0 || n == FRAME_MAX) return 0;
        out[n++] = (uint8_t)(high << 4 | low);
    }
    return n >= ETH_HLEN ? n : 0;
}

static bool transmit(int fd, const uint8_t *frame, size_t length)
{
    for (int busy = 0; send(fd, frame, length, 0) < 0;) {
        // A full queue, or a radio that drops the frame, which looks the same from here.
        if (errno == ENOBUFS && busy++ == 10) return true;
        if (errno == ENOBUFS) usleep(200);
        else if (errno != EINTR) return false;
    }
    return true;
}

static void show(int fd)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t frame[FRAME_MAX];
    char text[2 * FRAME_MAX];
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(fd, frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (n <= 0 || !capturing || from.sll_pkttype == PACKET_OUTGOING) return;
    struct timespec at = {0};
    ioctl(fd, SIOCGSTAMPNS, &at);
    for (ssize_t i = 0; i < n; i++) {
        text[2 * i] = digits[frame[i] >> 4];
        text[2 * i + 1] = digits[frame[i] & 15];
    }
    printf("< %.*s %lld\n", (int)(2 * n), text, (long long)at.tv_sec * 1000000 + at.tv_nsec / 1000);
}

static void flood_step(int fd, struct flood *f)
{
    uint64_t now = now_ns();
    while (f->left && f->next_ns <= now) {
        transmit(fd, f->frame, f->length); // a radio that drops our frames, or throws us out, does not end the flood
        if (f->offset && ++f->frame[f->offset + 1] == 0) f->frame[f->offset]++;
        f->next_ns += f->interval_ns;
        if (--f->left == 0) puts("done");
    }
}

static void flood_start(struct flood *f, const char *arguments)
{
    unsigned long count, rate, offset;
    int at = 0;
    if (sscanf(arguments, "%lu %lu %lu %n", &count, &rate, &offset, &at) != 3 || !count || !rate
        || !(f->length = decode(arguments + at, f->frame)) || offset + 2 > f->length) {
        puts("! flood: COUNT PER_SECOND OFFSET HEX");
        return;
    }
    f->offset = offset;
    f->left = count;
    f->interval_ns = 1000000000u / rate;
    f->next_ns = now_ns();
}

// Without the count that tcpdump prints first.
static bool attach(int fd, const char *text)
{
    struct sock_filter code[BPF_MAXINSNS];
    struct sock_fprog program = {.len = 0, .filter = code};
    for (int at = 0; program.len < BPF_MAXINSNS; text += at, program.len++) {
        struct sock_filter *next = &code[program.len];
        if (sscanf(text, "%hu,%hhu,%hhu,%u %n", &next->code, &next->jt, &next->jf, &next->k, &at) != 4) break;
    }
    return program.len && !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static void command(int fd, const char *line, struct flood *f)
{
    uint8_t frame[FRAME_MAX];
    if (!strncmp(line, "send ", 5)) {
        size_t n = decode(line + 5, frame);
        if (!n) puts("! send: not a frame in hex");
        else if (!transmit(fd, frame, n)) printf("! send: %s\n", strerror(errno));
        else puts("done");
    } else if (!strncmp(line, "flood ", 6)) {
        flood_start(f, line + 6);
    } else if (!strncmp(line, "capture ", 8)) {
        capturing = line[9] == 'n';
        puts("done");
    } else if (!strncmp(line, "filter ", 7)) {
        puts(attach(fd, line + 7) ? "done" : "! filter: CODE,JT,JF,K ...");
    } else {
        printf("! unknown command: %s\n", line);
    }
}

// Takes whole lines out of the input; false at its end.
static bool read_commands(int fd, struct flood *f)
{
    static char buffer[LINE_MAX_BYTES];
    static size_t used;
    ssize_t n = read(STDIN_FILENO, buffer + used, sizeof buffer - 1 - used);
    if (n <= 0) return false;
    used += (size_t)n;
    buffer[used] = 0;
    char *start = buffer, *end;
    while ((end = memchr(start, '\n', used - (size_t)(start - buffer)))) {
        *end = 0;
        command(fd, start, f);
        start = end + 1;
    }
    used -= (size_t)(start - buffer);
    memmove(buffer, start, used);
    return used < sizeof buffer - 1;
}

static int open_interface(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    int size = 4 << 20;
    if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        fprintf(stderr, "frames: %s: %s\n", name, strerror(errno));
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

int main(int argc, char **argv)
{
    static struct flood flood;
    if (argc != 2) {
        fputs("usage: frames INTERFACE\n", stderr);
        return 2;
    }
    int fd = open_interface(argv[1]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (;;) {
        struct pollfd wait[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        if (poll(wait, 2, flood.left ? 1 : -1) < 0 && errno != EINTR) return 1;
        if (wait[1].revents) show(fd);
        if (wait[0].revents && !read_commands(fd, &flood)) return 0;
        flood_step(fd, &flood);
    }
}
