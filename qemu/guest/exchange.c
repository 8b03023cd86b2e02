// SPDX-License-Identifier: Apache-2.0
// Round trips of new UDP flows, the first packet of each apart from those after it.
//
//   exchange serve PORT COUNT     sends what comes to the ports PORT to PORT+COUNT-1 back
//   exchange ask ADDRESS PORT     for each line N on standard input: a socket of its own, so a source port of its own, and PACKETS datagrams to PORT+N, each sent
//                                 when the one before was answered. One line: the microseconds of each in order, "-" for one not answered within a second
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS = 10, SIZE = 64, WAIT_MS = 1000, PORTS_MAX = 1024 };

static void check(int result, const char *what)
{
    if (result >= 0) return;
    perror(what);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static _Noreturn void serve(int port, int count)
{
    static struct pollfd sockets[PORTS_MAX];
    for (int i = 0; i < count; i++) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(port + i))};
        sockets[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
        check(sockets[i].fd, "socket");
        check(bind(sockets[i].fd, (struct sockaddr *)&at, sizeof at), "bind");
    }
    for (;;) {
        check(poll(sockets, (nfds_t)count, -1), "poll");
        for (int i = 0; i < count; i++) {
            if (!(sockets[i].revents & POLLIN)) continue;
            uint8_t data[SIZE];
            struct sockaddr_in from;
            socklen_t length = sizeof from;
            ssize_t size = recvfrom(sockets[i].fd, data, sizeof data, 0, (struct sockaddr *)&from, &length);
            if (size > 0) (void)sendto(sockets[i].fd, data, (size_t)size, 0, (struct sockaddr *)&from, length);
        }
    }
}

// Microseconds, negative when no answer came.
static double round_trip(int socket, uint8_t number)
{
    uint8_t data[SIZE] = {number};
    double start = now_us();
    check((int)send(socket, data, sizeof data, 0), "send");
    struct pollfd wait = {.fd = socket, .events = POLLIN};
    while (poll(&wait, 1, WAIT_MS) > 0) {
        double end = now_us();
        // Refused (no server) or an answer that came too late for its own turn.
        if (recv(socket, data, sizeof data, 0) == (ssize_t)sizeof data && data[0] == number) return end - start;
    }
    return -1;
}

static void ask(struct sockaddr_in to)
{
    int flow = socket(AF_INET, SOCK_DGRAM, 0);
    check(flow, "socket");
    check(connect(flow, (struct sockaddr *)&to, sizeof to), "connect");
    for (uint8_t i = 0; i < PACKETS; i++) {
        double time = round_trip(flow, i);
        if (time < 0) printf("- ");
        else printf("%.1f ", time);
    }
    printf("\n");
    fflush(stdout);
    close(flow);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "serve") == 0 && atoi(argv[3]) <= PORTS_MAX) serve(atoi(argv[2]), atoi(argv[3]));
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (argc != 4 || strcmp(argv[1], "ask") != 0 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: exchange serve PORT COUNT | exchange ask ADDRESS PORT\n");
        return 2;
    }
    for (char line[32]; fgets(line, sizeof line, stdin);) {
        to.sin_port = htons((uint16_t)(atoi(argv[3]) + atoi(line)));
        ask(to);
    }
    return 0;
}
