/* A TCP proxy that delays every byte by a fixed time, in both directions, to simulate a distant server.
 *
 *     delay_proxy PORT MICROSECONDS
 *
 * It listens on a free port of 127.0.0.1, prints that port, connects each client to PORT of 127.0.0.1, and exits when
 * its standard input is closed. All bytes wait equally long, so one queue serves all connections. A timer descriptor
 * wakes it on the microsecond; a timeout of epoll_wait would round up to the next millisecond. Establishing a
 * connection is not delayed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST_CHUNK = 16 * 1024, EVENTS = 512 };

/* The end that is read from identifies the direction. */
struct end {
    int descriptor;
    struct end *peer;
    int waiting; /* number of queued chunks to write here */
    int finished; /* no more reads here */
};

struct chunk {
    struct chunk *next;
    int64_t due; /* nanoseconds */
    struct end *to;
    ssize_t length; /* 0: the other side has closed */
    char bytes[];
};

static struct chunk *first, *last;
static int64_t delay;
static int poller, timer;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void watch(int descriptor, void *what) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0)
        fail("delay_proxy: epoll_ctl");
}

static void set_timer(void) {
    struct itimerspec when = {0};
    if (first != NULL) {
        when.it_value.tv_sec = first->due / 1000000000;
        when.it_value.tv_nsec = first->due % 1000000000;
    }
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void release_when_done(struct end *end) {
    struct end *peer = end->peer;
    if (end->finished && peer->finished && end->waiting == 0 && peer->waiting == 0) {
        close(end->descriptor);
        close(peer->descriptor);
        free(end);
        free(peer);
    }
}

static void enqueue(struct end *to, const char *bytes, ssize_t length) {
    struct chunk *chunk = malloc(sizeof *chunk + (size_t)length);
    if (chunk == NULL)
        fail("delay_proxy: malloc");
    *chunk = (struct chunk){.next = NULL, .due = now() + delay, .to = to, .length = length};
    memcpy(chunk->bytes, bytes, (size_t)length);
    to->waiting++;
    if (first == NULL) {
        first = last = chunk;
        set_timer();
    } else {
        last = last->next = chunk;
    }
}

static void take(struct end *from) {
    char bytes[LARGEST_CHUNK];
    ssize_t length = read(from->descriptor, bytes, sizeof bytes);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        length = 0;
        from->finished = 1;
        epoll_ctl(poller, EPOLL_CTL_DEL, from->descriptor, NULL);
    }
    enqueue(from->peer, bytes, length);
}

/* Requests and responses are far smaller than a socket buffer, so a short write means that the peer is gone. */
static void hand_on(void) {
    uint64_t expirations;
    (void)!read(timer, &expirations, sizeof expirations);
    int64_t moment = now();
    while (first != NULL && first->due <= moment) {
        struct chunk *chunk = first;
        struct end *to = chunk->to;
        first = chunk->next;
        to->waiting--;
        if (chunk->length == 0 || write(to->descriptor, chunk->bytes, (size_t)chunk->length) != chunk->length)
            shutdown(to->descriptor, SHUT_RDWR);
        free(chunk);
        release_when_done(to);
    }
    set_timer();
}

static int tcp_socket(void) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        fail("delay_proxy: socket");
    return descriptor;
}

static struct end *end_of(int descriptor) {
    int yes = 1;
    struct end *end = calloc(1, sizeof *end);
    if (end == NULL)
        fail("delay_proxy: calloc");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    end->descriptor = descriptor;
    return end;
}

static void welcome(int listener, const struct sockaddr_in *server) {
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (accepted < 0)
        return;
    int connected = tcp_socket();
    if (connect(connected, (const struct sockaddr *)server, sizeof *server) != 0) {
        close(connected);
        close(accepted);
        return;
    }
    struct end *client = end_of(accepted), *target = end_of(connected);
    client->peer = target;
    target->peer = client;
    watch(accepted, client);
    watch(connected, target);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: delay_proxy PORT MICROSECONDS\n");
        return 2;
    }
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in own = server;
    socklen_t size = sizeof own;
    server.sin_port = htons((uint16_t)atoi(argv[1]));
    delay = (int64_t)atoi(argv[2]) * 1000;

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    poller = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int listener = tcp_socket();
    if (bind(listener, (struct sockaddr *)&own, sizeof own) != 0 || listen(listener, SOMAXCONN) != 0)
        fail("delay_proxy: listen");
    getsockname(listener, (struct sockaddr *)&own, &size);
    printf("%d\n", ntohs(own.sin_port));
    fflush(stdout);

    static char for_listener, for_timer, for_input; /* their addresses differ from those of connection ends */
    watch(listener, &for_listener);
    watch(timer, &for_timer);
    watch(STDIN_FILENO, &for_input);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(poller, events, EVENTS, -1);
        int due = 0;
        for (int each = 0; each < count; each++) {
            void *what = events[each].data.ptr;
            if (what == &for_input)
                return 0;
            if (what == &for_timer)
                due = 1;
            else if (what == &for_listener)
                welcome(listener, &server);
            else
                take(what);
        }
        /* Last, since it may free the ends that the events refer to. */
        if (due)
            hand_on();
    }
}
