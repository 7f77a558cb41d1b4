/*
 * A number of TFTP clients on one thread (RFC 1350, 2347, 2348, 2349, 7440), which get a file again and again for a while,
 * check each byte of it, and tell how fast it came:
 *
 *   tftp -f NAME -e FILE [-p PORT] [-b BLKSIZE] [-w WINDOWSIZE] [-c CLIENTS] [-t SECONDS] [-a ADDRESS -n ADDRESSES]
 *        [-d MICROSECONDS] [-l LOSSES -s SEED] SERVER
 *
 * -e: the same file here. -t: each client begins another get until so many seconds have passed; 0: one each. -a: the clients
 * ask from so many consecutive addresses, which this host has. -d: how long each datagram is on its way, in each direction.
 * -l: how many of 10,000 are lost, in each direction.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RRQ = 1, DATA = 3, ACK = 4, ERROR = 5, OACK = 6 };
enum { LONGEST = 65536, BATCH = 64, WAY = 8192, RECEIVE_BUFFER = 8 << 20 };
/* Nanoseconds of silence after which a client sends again what it sent last. */
static const uint64_t PATIENCE = 1000000000;

struct client {
  int fd;
  bool busy;
  /* The server's port of this transfer; 0 before the first answer. */
  struct sockaddr_in peer;
  unsigned block_size, window;
  /* Blocks that came, those since the last ACK, and whether a gap was told of. */
  uint64_t blocks, unacked;
  bool told;
  uint64_t heard_at;
  unsigned char last[512];
  size_t last_size;
};

/* A datagram that is still on its way. */
struct carried {
  uint64_t due;
  struct client *client;
  bool outward;
  struct sockaddr_in from;
  size_t size;
  unsigned char bytes[1500];
};

static struct {
  const char *name, *local_first;
  struct sockaddr_in server;
  unsigned block_size, window, clients, addresses, delay, loss;
  double seconds;
} options = {.block_size = 512, .window = 1, .clients = 1, .addresses = 1};

static const unsigned char *content;
static uint64_t content_size, total, gets, timeouts, begun_at, seed = 1;
static unsigned active, agreed_block_size, agreed_window;
static int poller;
static struct carried *way;
static unsigned way_first, way_count;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* xorshift64*: the same losses for the same seed. */
static bool is_lost(void) {
  if (options.loss == 0) return false;
  seed ^= seed >> 12, seed ^= seed << 25, seed ^= seed >> 27;
  return (seed * 2685821657736338717ULL >> 33) % 10000 < options.loss;
}

static struct carried *on_its_way(struct client *client, bool outward, const void *bytes, size_t size) {
  if (way_count == WAY || size > sizeof way->bytes) errx(1, "more is on its way than there is room for");
  struct carried *carried = &way[(way_first + way_count++) % WAY];
  carried->due = now() + options.delay * 1000ULL;
  carried->client = client, carried->outward = outward, carried->size = size;
  memcpy(carried->bytes, bytes, size);
  return carried;
}

static void put(struct client *client, const void *bytes, size_t size) {
  const struct sockaddr_in *to = client->peer.sin_port ? &client->peer : &options.server;
  sendto(client->fd, bytes, size, 0, (const struct sockaddr *)to, sizeof *to);
}

static void send_last(struct client *client) {
  if (is_lost()) return;
  if (options.delay > 0) on_its_way(client, true, client->last, client->last_size);
  else put(client, client->last, client->last_size);
}

static void acknowledge(struct client *client) {
  const unsigned char ack[] = {0, ACK, client->blocks >> 8, client->blocks};
  memcpy(client->last, ack, client->last_size = sizeof ack);
  client->unacked = 0;
  send_last(client);
}

static void begin(struct client *client, unsigned index) {
  struct sockaddr_in local = {.sin_family = AF_INET};
  if (options.local_first) {
    inet_aton(options.local_first, &local.sin_addr);
    local.sin_addr.s_addr = htonl(ntohl(local.sin_addr.s_addr) + index % options.addresses);
  }
  memset(client, 0, sizeof *client);
  client->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (client->fd < 0 || bind(client->fd, (struct sockaddr *)&local, sizeof local) < 0) err(1, "socket");
  const int buffer = RECEIVE_BUFFER;
  setsockopt(client->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
  client->busy = true, client->block_size = 512, client->window = 1, client->heard_at = now();
  active++;
  char *at = (char *)client->last + 1;
  *at++ = RRQ;
  at += sprintf(at, "%s", options.name) + 1;
  at += sprintf(at, "octet") + 1;
  at += sprintf(at, "blksize") + 1, at += sprintf(at, "%u", options.block_size) + 1;
  if (options.window > 1) at += sprintf(at, "windowsize") + 1, at += sprintf(at, "%u", options.window) + 1;
  client->last_size = at - (char *)client->last;
  send_last(client);
}

static void end(struct client *client, unsigned index) {
  epoll_ctl(poller, EPOLL_CTL_DEL, client->fd, NULL);
  close(client->fd);
  client->busy = false;
  gets++, active--;
  if ((now() - begun_at) / 1e9 < options.seconds) begin(client, index);
}

static void take_options(struct client *client, const char *at, const char *end) {
  while (at < end) {
    const char *value = at + strlen(at) + 1;
    if (value >= end) errx(1, "an OACK that is cut off");
    if (strcasecmp(at, "blksize") == 0) client->block_size = atoi(value);
    if (strcasecmp(at, "windowsize") == 0) client->window = atoi(value);
    at = value + strlen(value) + 1;
  }
}

static void take_block(struct client *client, unsigned index, unsigned number, const unsigned char *data, size_t size) {
  if (number != ((client->blocks + 1) & 0xffff)) {
    /* RFC 7440: a gap is told of at once, and once. Without windows, only the last block can come again. */
    const bool again = number == (client->blocks & 0xffff) && client->blocks > 0;
    if (client->window > 1 ? !client->told : again) acknowledge(client);
    client->told = true;
    return;
  }
  const uint64_t offset = client->blocks * client->block_size;
  if (offset + size > content_size || memcmp(content + offset, data, size) != 0) errx(1, "wrong bytes at %lu", offset);
  if (size < client->block_size && offset + size != content_size) errx(1, "the file ended at %lu", offset + size);
  client->blocks++, client->unacked++, client->told = false;
  total += size;
  agreed_block_size = client->block_size, agreed_window = client->window;
  if (size < client->block_size) {
    acknowledge(client);
    end(client, index);
  } else if (client->unacked == client->window) {
    acknowledge(client);
  }
}

static void take(struct client *client, unsigned index, const struct sockaddr_in *from, unsigned char *bytes, size_t size) {
  if (!client->busy || size < 4) return;
  if (client->peer.sin_port == 0) client->peer = *from;
  if (client->peer.sin_port != from->sin_port) return;
  client->heard_at = now();
  const unsigned number = bytes[2] << 8 | bytes[3];
  if (bytes[1] == ERROR) errx(1, "ERROR %u %.*s", number, (int)size - 4, bytes + 4);
  if (bytes[1] == DATA) take_block(client, index, number, bytes + 4, size - 4);
  if (bytes[1] != OACK || client->blocks > 0) return;
  take_options(client, (char *)bytes + 2, (char *)bytes + size);
  acknowledge(client);
}

static void receive(struct client *client, unsigned index) {
  static unsigned char bytes[BATCH][LONGEST];
  static struct sockaddr_in from[BATCH];
  struct iovec vectors[BATCH];
  struct mmsghdr messages[BATCH];
  /* With one block at a time, no more than one can be there. */
  const int most = client->window > 1 ? BATCH : 1;
  for (int each = 0; each < most; each++) {
    vectors[each] = (struct iovec){bytes[each], LONGEST};
    messages[each].msg_hdr = (struct msghdr){
        .msg_name = &from[each], .msg_namelen = sizeof from[each], .msg_iov = &vectors[each], .msg_iovlen = 1};
  }
  const int fd = client->fd;
  const int count = recvmmsg(fd, messages, most, MSG_DONTWAIT, NULL);
  for (int each = 0; each < count && client->busy && client->fd == fd; each++) {
    if (is_lost()) continue;
    const size_t size = messages[each].msg_len;
    if (options.delay > 0) on_its_way(client, false, bytes[each], size)->from = from[each];
    else take(client, index, &from[each], bytes[each], size);
  }
}

/* Delivers what is due; returns nanoseconds until the next is. */
static uint64_t deliver(struct client *clients) {
  while (way_count > 0) {
    struct carried *carried = &way[way_first];
    const uint64_t time = now();
    if (carried->due > time) return carried->due - time;
    way_first = (way_first + 1) % WAY, way_count--;
    if (carried->outward) put(carried->client, carried->bytes, carried->size);
    else take(carried->client, carried->client - clients, &carried->from, carried->bytes, carried->size);
  }
  return PATIENCE / 10;
}

static void send_again(struct client *clients) {
  for (unsigned index = 0; index < options.clients; index++) {
    struct client *client = &clients[index];
    if (!client->busy || now() - client->heard_at < PATIENCE) continue;
    client->heard_at = now(), client->unacked = 0, client->told = false;
    timeouts++;
    send_last(client);
  }
}

static void map(const char *path) {
  const int file = open(path, O_RDONLY);
  struct stat stat;
  if (file < 0 || fstat(file, &stat) < 0) err(1, "%s", path);
  content_size = stat.st_size;
  content = mmap(NULL, content_size ? content_size : 1, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  if (content == MAP_FAILED) err(1, "%s", path);
}

static void read_options(int count, char **words) {
  options.server.sin_family = AF_INET, options.server.sin_port = htons(69);
  for (int option; (option = getopt(count, words, "f:e:p:b:w:c:t:a:n:d:l:s:")) != -1;) {
    switch (option) {
      case 'f': options.name = optarg; break;
      case 'e': map(optarg); break;
      case 'p': options.server.sin_port = htons(atoi(optarg)); break;
      case 'b': options.block_size = atoi(optarg); break;
      case 'w': options.window = atoi(optarg); break;
      case 'c': options.clients = atoi(optarg); break;
      case 't': options.seconds = atof(optarg); break;
      case 'a': options.local_first = optarg; break;
      case 'n': options.addresses = atoi(optarg); break;
      case 'd': options.delay = atoi(optarg); break;
      case 'l': options.loss = atoi(optarg); break;
      case 's': seed = strtoull(optarg, NULL, 10) * 2 + 1; break;
      default: exit(2);
    }
  }
  if (optind != count - 1 || !options.name || !content || !inet_aton(words[optind], &options.server.sin_addr)) exit(2);
}

int main(int count, char **words) {
  read_options(count, words);
  poller = epoll_create1(0);
  way = calloc(WAY, sizeof *way);
  struct client *clients = calloc(options.clients, sizeof *clients);
  begun_at = now();
  for (unsigned index = 0; index < options.clients; index++) begin(&clients[index], index);
  uint64_t looked_at = begun_at;
  while (active > 0) {
    const uint64_t wait = deliver(clients);
    const struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    struct epoll_event events[256];
    const int ready = epoll_pwait2(poller, events, 256, &timeout, NULL);
    for (int each = 0; each < ready; each++) {
      struct client *client = events[each].data.ptr;
      if (client->busy) receive(client, client - clients);
    }
    if (now() - looked_at > PATIENCE / 10) looked_at = now(), send_again(clients);
    if (now() - begun_at > 60e9 + options.seconds * 1e9) errx(1, "%u clients have not got the file in a minute", active);
  }
  printf("{\"bytes\":%lu,\"seconds\":%.6f,\"gets\":%lu,\"timeouts\":%lu,\"blockSize\":%u,\"windowSize\":%u}\n", total,
         (now() - begun_at) / 1e9, gets, timeouts, agreed_block_size, agreed_window);
}
