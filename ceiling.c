/*
 * Answers TFTP requests for one file in the way that costs least: its blocks are framed once, and a window of them is one
 * call, cut by the kernel (UDP_SEGMENT). Nothing is checked, and nothing is sent again by itself. So it tells what the load
 * generator and the link allow.
 *
 *   gcc -O2 -o ceiling ceiling.c && ./ceiling 10.0.0.2 /srv/tftp
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TFTP_PORT = 69, DATA = 3, ACK = 4, MOST_FRAMED = 16, MOST_SEGMENTS = 64, MOST_BYTES = 65000 };

/* A file as it goes out: DATA packets, one after the other. */
struct framed {
  char path[512];
  uint32_t blksize;
  size_t size;
  uint64_t blocks;
  uint8_t *packets;
};

struct transfer {
  int fd;
  const struct framed *framed;
  uint32_t window;
  uint64_t acknowledged;
};

static struct framed cache[MOST_FRAMED];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static const struct framed *framed_of(const char *path, uint32_t blksize) {
  struct framed *f = cache;
  while (f->packets != NULL && (f->blksize != blksize || strcmp(f->path, path) != 0))
    if (++f == cache + MOST_FRAMED) fail("ceiling: too many files");
  if (f->packets != NULL) return f;
  struct stat about;
  const int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &about) != 0) fail(path);
  const size_t size = (size_t)about.st_size;
  const uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  *f = (struct framed){.blksize = blksize, .size = size, .blocks = size / blksize + 1};
  f->packets = malloc(size + f->blocks * 4);
  if (bytes == MAP_FAILED || f->packets == NULL) fail(path);
  close(fd);
  snprintf(f->path, sizeof f->path, "%s", path);
  for (uint64_t block = 1; block <= f->blocks; block++) {
    uint8_t *packet = f->packets + (block - 1) * (blksize + 4);
    const size_t offset = (block - 1) * blksize, left = size - offset;
    const uint16_t fields[2] = {htons(DATA), htons((uint16_t)block)};
    memcpy(packet, fields, 4);
    memcpy(packet + 4, bytes + offset, left < blksize ? left : blksize);
  }
  return f;
}

/* Sends the window that follows the acknowledged block. */
static void send_window(const struct transfer *t) {
  const struct framed *f = t->framed;
  const uint32_t packet = f->blksize + 4;
  const uint64_t end = t->acknowledged + t->window < f->blocks ? t->acknowledged + t->window : f->blocks;
  uint32_t most = MOST_BYTES / packet < MOST_SEGMENTS ? MOST_BYTES / packet : MOST_SEGMENTS;
  for (uint64_t block = t->acknowledged; block < end; block += most) {
    if (end - block < most) most = (uint32_t)(end - block);
    const size_t from = block * packet, all = f->size + f->blocks * 4, to = (block + most) * packet;
    send(t->fd, f->packets + from, (to < all ? to : all) - from, 0);
  }
}

/* The value of an option of a request, or what holds without it. */
static uint32_t option_of(const char *at, const char *end, const char *name, uint32_t absent) {
  for (; at < end; at += strlen(at) + 1)
    if (strcasecmp(at, name) == 0 && at + strlen(at) + 1 < end) return (uint32_t)atoi(at + strlen(at) + 1);
  return absent;
}

static struct transfer *begin(const char *folder, const struct sockaddr_in *own, const struct sockaddr_in *client,
                              const char *request, size_t length) {
  struct transfer *t = calloc(1, sizeof *t);
  char path[512], oack[64] = {0, 6};
  const char *end = request + length;
  const struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = own->sin_addr};
  if (t == NULL) fail("ceiling: memory");
  snprintf(path, sizeof path, "%s/%s", folder, request + 2);
  const uint32_t blksize = option_of(request + 2, end, "blksize", 512);
  t->window = option_of(request + 2, end, "windowsize", 1);
  t->framed = framed_of(path, blksize);
  t->fd = socket(AF_INET, SOCK_DGRAM, 0);
  const int segment = (int)blksize + 4;
  if (bind(t->fd, (const struct sockaddr *)&local, sizeof local) != 0) fail("ceiling: bind");
  if (connect(t->fd, (const struct sockaddr *)client, sizeof *client) != 0) fail("ceiling: connect");
  if (setsockopt(t->fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0) fail("ceiling: UDP_SEGMENT");
  const int text = snprintf(oack + 2, sizeof oack - 2, "blksize%c%u%cwindowsize%c%u%c", 0, blksize, 0, 0, t->window, 0);
  send(t->fd, oack, (size_t)text + 2, 0);
  return t;
}

/* Gives whether the transfer goes on. */
static int go_on(struct transfer *t) {
  uint16_t fields[2];
  if (recv(t->fd, fields, sizeof fields, 0) < 4 || ntohs(fields[0]) != ACK) return 0;
  t->acknowledged += (uint64_t)(int16_t)(ntohs(fields[1]) - (uint16_t)t->acknowledged);
  if (t->acknowledged >= t->framed->blocks) return 0;
  send_window(t);
  return 1;
}

int main(int argc, char **argv) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(TFTP_PORT)};
  struct epoll_event events[64], readable = {.events = EPOLLIN};
  static char request[1024];
  const int epoll = epoll_create1(0), fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (argc != 3 || inet_pton(AF_INET, argv[1], &own.sin_addr) != 1) {
    fprintf(stderr, "ceiling ADDRESS FOLDER\n");
    return 2;
  }
  if (bind(fd, (const struct sockaddr *)&own, sizeof own) != 0) fail("ceiling: bind");
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable);
  for (;;) {
    const int count = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < count; i++) {
      struct transfer *t = events[i].data.ptr;
      if (t == NULL) {
        struct sockaddr_in client;
        socklen_t room = sizeof client;
        const ssize_t length = recvfrom(fd, request, sizeof request - 1, 0, (struct sockaddr *)&client, &room);
        if (length < 4) continue;
        request[length] = 0;
        readable.data.ptr = begin(argv[2], &own, &client, request, (size_t)length);
        epoll_ctl(epoll, EPOLL_CTL_ADD, ((struct transfer *)readable.data.ptr)->fd, &readable);
      } else if (!go_on(t)) {
        close(t->fd);
        free(t);
      }
    }
  }
}
