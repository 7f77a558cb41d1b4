/*
 * HTTP/1.1 clients on one thread, each with a connection that stays: they get one path again and again for a while, and count.
 *
 *   http -u PATH [-p PORT] [-c CONNECTIONS] [-t SECONDS] [-a ADDRESS] SERVER
 *
 * -a: the connections come from this address. Any answer but 200 with a Content-Length, or a connection that is closed within one, fails.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 8192, CHUNK = 1 << 18 };

struct connection {
  int fd;
  /* The header of the answer, until it is whole; then what is left of the body. */
  char head[HEAD + 1];
  size_t head_size;
  bool in_body;
  uint64_t left;
};

static struct sockaddr_in server = {.sin_family = AF_INET}, local = {.sin_family = AF_INET};
static char request[1024];
static size_t request_size;
static int poller;
static uint64_t total, requests;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void ask(struct connection *connection) {
  connection->head_size = 0, connection->in_body = false;
  if (write(connection->fd, request, request_size) != (ssize_t)request_size) err(1, "write");
}

static void begin(struct connection *connection) {
  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connection->fd < 0 || bind(connection->fd, (struct sockaddr *)&local, sizeof local) < 0) err(1, "socket");
  if (connect(connection->fd, (struct sockaddr *)&server, sizeof server) < 0) err(1, "connect");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event);
  ask(connection);
}

/* Takes a part of the body. */
static void take(struct connection *connection, uint64_t size) {
  if (size > connection->left) errx(1, "more came than the Content-Length");
  connection->left -= size, total += size;
  if (connection->left > 0) return;
  requests++;
  ask(connection);
}

static void take_head(struct connection *connection) {
  const char *end = memmem(connection->head, connection->head_size, "\r\n\r\n", 4);
  if (!end) {
    if (connection->head_size == HEAD) errx(1, "a header without an end");
    return;
  }
  connection->head[connection->head_size] = 0;
  const char *length = strcasestr(connection->head, "\r\ncontent-length:");
  if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0 || !length) errx(1, "%.*s", 200, connection->head);
  connection->left = strtoull(length + 17, NULL, 10), connection->in_body = true;
  take(connection, connection->head_size - (end + 4 - connection->head));
}

static void receive(struct connection *connection) {
  static char chunk[CHUNK];
  const bool in_body = connection->in_body;
  char *to = in_body ? chunk : connection->head + connection->head_size;
  const ssize_t size = recv(connection->fd, to, in_body ? CHUNK : HEAD - connection->head_size, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0 && (in_body || connection->head_size > 0)) errx(1, "closed within an answer");
  if (size <= 0) {
    close(connection->fd);
    begin(connection);
  } else if (in_body) {
    take(connection, size);
  } else {
    connection->head_size += size;
    take_head(connection);
  }
}

int main(int count, char **words) {
  const char *path = NULL;
  unsigned connections = 1;
  double seconds = 1;
  server.sin_port = htons(80);
  for (int option; (option = getopt(count, words, "u:p:c:t:a:")) != -1;) {
    switch (option) {
      case 'u': path = optarg; break;
      case 'p': server.sin_port = htons(atoi(optarg)); break;
      case 'c': connections = atoi(optarg); break;
      case 't': seconds = atof(optarg); break;
      case 'a': inet_aton(optarg, &local.sin_addr); break;
      default: return 2;
    }
  }
  if (optind != count - 1 || !path || !inet_aton(words[optind], &server.sin_addr)) return 2;
  request_size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, words[optind]);
  poller = epoll_create1(0);
  struct connection *all = calloc(connections, sizeof *all);
  for (unsigned index = 0; index < connections; index++) begin(&all[index]);
  const double from = now();
  while (now() - from < seconds) {
    struct epoll_event events[256];
    const int ready = epoll_wait(poller, events, 256, 1000);
    for (int each = 0; each < ready; each++) receive(events[each].data.ptr);
  }
  const double took = now() - from;
  printf("{\"bytes\":%lu,\"requests\":%lu,\"seconds\":%.6f}\n", total, requests, took);
}
