// SPDX-License-Identifier: Apache-2.0
// A wire between two interfaces that can be made bad: frames of one are sent on the other, later, or not at all. (The kernel has no netem.)
//
//   wire INTERFACE INTERFACE [SEED]
//
// Commands, one a line on standard input; the program ends with its input:
//   quality DELAY_MS LOSS_PERCENT     from now on, both directions; "0 100" is silence
//   count                             answers "count BYTES": of all frames that were to be carried since the last count, Ethernet headers included
// Each command is answered by "done" or "! TEXT".
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 2048, QUEUE = 8192 };

struct frame {
    uint64_t due_ms;
    int out;
    uint16_t length;
    uint8_t bytes[FRAME_MAX];
};

static struct frame queue[QUEUE]; // a ring; in order of arrival, and so of time unless the delay was shortened
static unsigned first, held;
static unsigned delay_ms, loss_percent;
static uint64_t carried;
static uint32_t state = 1;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

// xorshift32: the same losses in every run with the same seed.
static unsigned percent(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % 100;
}

static int open_interface(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        fprintf(stderr, "wire: %s: %s\n", name, strerror(errno));
        exit(1);
    }
    return fd;
}

static void take(int in, int out)
{
    struct frame *f = &queue[(first + held) % QUEUE];
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(in, f->bytes, sizeof f->bytes, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &size);
    if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING) return;
    carried += (uint64_t)n;
    if (n > FRAME_MAX || held == QUEUE || percent() < loss_percent) return;
    f->due_ms = now_ms() + delay_ms;
    f->out = out;
    f->length = (uint16_t)n;
    held++;
}

static void deliver(void)
{
    for (uint64_t now = now_ms(); held && queue[first].due_ms <= now; first = (first + 1) % QUEUE, held--)
        if (send(queue[first].out, queue[first].bytes, queue[first].length, MSG_DONTWAIT) < 0 && errno == EBADF) exit(1);
}

static bool command(void)
{
    static char line[128];
    unsigned delay, loss;
    if (!fgets(line, sizeof line, stdin)) return false;
    if (!strcmp(line, "count\n")) {
        printf("count %llu\n", (unsigned long long)carried);
        carried = 0;
    } else if (sscanf(line, "quality %u %u", &delay, &loss) == 2 && loss <= 100) {
        delay_ms = delay;
        loss_percent = loss;
    } else {
        puts("! quality DELAY_MS LOSS_PERCENT, or count");
        return true;
    }
    puts("done");
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: wire INTERFACE INTERFACE [SEED]\n", stderr);
        return 2;
    }
    int a = open_interface(argv[1]), b = open_interface(argv[2]);
    if (argc > 3 && atoi(argv[3]) > 0) state = (uint32_t)atoi(argv[3]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        struct pollfd wait[3] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
        uint64_t now = now_ms();
        int patience = !held ? -1 : queue[first].due_ms <= now ? 0 : (int)(queue[first].due_ms - now);
        if (poll(wait, 3, patience) < 0 && errno != EINTR) return 1;
        if (wait[1].revents) take(a, b);
        if (wait[2].revents) take(b, a);
        deliver();
        if (wait[0].revents && !command()) return 0;
    }
}
