/*
 * A closed-loop load generator for DHCP servers: a relay agent with many clients behind it. So many exchanges
 * are outstanding at any time; as one ends the next begins, with the next client. Prints one line of JSON.
 *
 *   gcc -O2 -o load load.c && ./load -r 10.0.0.1 -o 64 -c 50000 -d 10 -w 2 10.0.0.2
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "holders.h"
#include "packet.h"
#include "plan.h"

enum { BATCH = 64, REQUEST_TRIES = 4 };
enum state { IDLE, AWAITS_OFFER, AWAITS_ACK };

struct exchange {
  enum state state;
  uint32_t xid, client, address, server;
  int tries;
  int64_t began, sent;
};

struct counts {
  uint64_t lost, naks, strays;
  uint32_t *latencies; /* microseconds, of the exchanges that ended */
  size_t ended, room;
};

struct generator {
  struct plan plan;
  int socket;
  struct exchange *exchanges;
  uint8_t *busy; /* of every client */
  struct holders *holders;
  struct counts counts;
  uint64_t begun, ended; /* exchanges, with those of the warm-up */
  uint32_t next_client, generation;
  size_t queued;
  struct mmsghdr out[BATCH], in[BATCH];
  struct iovec out_bytes[BATCH], in_bytes[BATCH];
  uint8_t out_packets[BATCH][LARGEST_PACKET], in_packets[BATCH][LARGEST_PACKET];
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal) {
  (void)signal;
  interrupted = 1;
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static void flush_to(struct generator *g, struct sockaddr_in *server) {
  for (size_t i = 0; i < g->queued; i++) g->out[i].msg_hdr.msg_name = server;
  for (size_t sent = 0; sent < g->queued;) {
    int count = sendmmsg(g->socket, g->out + sent, (unsigned)(g->queued - sent), 0);
    if (count >= 0) sent += (size_t)count;
    else if (errno != EINTR && errno != ENOBUFS) fail("load: sendmmsg");
  }
}

static void flush(struct generator *g) {
  for (int i = 0; i < g->plan.server_count; i++) flush_to(g, &g->plan.servers[i]);
  g->queued = 0;
}

static void send_request(struct generator *g, struct exchange *exchange, int64_t now) {
  /* SELECTING names the server and asks for the address; RENEWING has it already. */
  const int selects = exchange->server != 0;
  const struct request request = {
      .message = exchange->state == AWAITS_OFFER ? DISCOVER : REQUEST,
      .xid = exchange->xid,
      .mac = g->plan.first_mac + exchange->client,
      .ciaddr = selects ? 0 : exchange->address,
      .giaddr = g->plan.relay,
      .requested = selects ? exchange->address : 0,
      .server = selects ? exchange->server : 0,
      .own_port = g->plan.port != 67,
  };
  if (g->queued == BATCH) flush(g);
  g->out_bytes[g->queued].iov_len = write_request(g->out_packets[g->queued], &request);
  g->queued++;
  exchange->tries++;
  exchange->sent = now;
}

static void discover(struct generator *g, struct exchange *exchange, int64_t now) {
  exchange->state = AWAITS_OFFER;
  exchange->tries = 0;
  exchange->address = exchange->server = 0;
  send_request(g, exchange, now);
}

static void begin(struct generator *g, struct exchange *exchange, int64_t now) {
  if (g->plan.exchanges != 0 && g->begun == g->plan.exchanges) return;
  g->begun++;
  do g->next_client = (g->next_client + 1) % g->plan.clients;
  while (g->busy[g->next_client]);
  exchange->client = g->next_client;
  exchange->xid = g->generation++ << SLOT_BITS | (uint32_t)(exchange - g->exchanges);
  exchange->began = now;
  g->busy[exchange->client] = 1;
  if (!g->plan.renew) {
    discover(g, exchange, now);
    return;
  }
  exchange->state = AWAITS_ACK;
  exchange->tries = 0;
  exchange->server = 0;
  exchange->address = g->holders->leases[exchange->client].address;
  send_request(g, exchange, now);
}

static void end(struct generator *g, struct exchange *exchange, int64_t now) {
  struct counts *counts = &g->counts;
  if (counts->ended == counts->room) {
    counts->room = counts->room * 2 + 65536;
    counts->latencies = realloc(counts->latencies, counts->room * sizeof *counts->latencies);
    if (counts->latencies == NULL) fail("load: latencies");
  }
  counts->latencies[counts->ended++] = (uint32_t)(now - exchange->began);
  g->ended++;
  exchange->state = IDLE;
  g->busy[exchange->client] = 0;
}

static void write_ledger(FILE *ledger, uint64_t mac, uint32_t address) {
  uint8_t octets[6];
  struct in_addr in = {htonl(address)};
  put_mac(octets, mac);
  for (int i = 0; i < 6; i++) fprintf(ledger, i == 0 ? "%02x" : ":%02x", octets[i]);
  fprintf(ledger, " %s\n", inet_ntoa(in));
}

static void receive(struct generator *g, const struct reply *reply, int64_t now) {
  struct exchange *exchange = &g->exchanges[reply->xid & ((1 << SLOT_BITS) - 1)];
  const int known = (reply->xid & ((1 << SLOT_BITS) - 1)) < g->plan.outstanding && reply->xid == exchange->xid &&
                    reply->mac == g->plan.first_mac + exchange->client;
  if (known && exchange->state == AWAITS_OFFER && reply->message == OFFER) {
    exchange->state = AWAITS_ACK;
    exchange->tries = 0;
    exchange->address = reply->yiaddr;
    exchange->server = reply->server;
    send_request(g, exchange, now);
  } else if (known && exchange->state == AWAITS_ACK && reply->message == ACK) {
    hold(g->holders, exchange->client, reply->yiaddr, now, now + (int64_t)reply->lease_time * SECOND);
    if (g->plan.ledger) write_ledger(g->plan.ledger, reply->mac, reply->yiaddr);
    end(g, exchange, now);
    begin(g, exchange, now);
  } else if (known && exchange->state == AWAITS_ACK && reply->message == NAK) {
    g->counts.naks++;
    discover(g, exchange, now);
  } else {
    g->counts.strays++;
  }
}

static void receive_all(struct generator *g) {
  struct pollfd readable = {.fd = g->socket, .events = POLLIN};
  if (poll(&readable, 1, 10) <= 0) return;
  int count = recvmmsg(g->socket, g->in, BATCH, MSG_DONTWAIT, NULL);
  const int64_t now = now_us();
  for (int i = 0; i < count; i++) {
    struct reply reply;
    if (read_reply(g->in_packets[i], g->in[i].msg_len, &reply)) receive(g, &reply, now);
    else g->counts.strays++;
  }
  if (g->plan.ledger) fflush(g->plan.ledger);
  flush(g);
}

/* How long an answer is waited for. In a storm it is as RFC 2131 (4.1) has it: 4, 8, 16, 32 seconds, each within one more or less. */
static int64_t patience(const struct plan *plan, const struct exchange *exchange) {
  if (!plan->storm) return plan->timeout;
  const int doublings = exchange->tries < 4 ? exchange->tries - 1 : 3;
  const uint32_t scattered = (exchange->xid + (uint32_t)exchange->tries) * 2654435761u;
  return (plan->timeout << doublings) + (int64_t)(scattered >> 11) - SECOND;
}

/* Sends again what was not answered in time; a client whose REQUESTs are never answered begins anew. */
static void retry(struct generator *g, int64_t now) {
  for (uint32_t i = 0; i < g->plan.outstanding; i++) {
    struct exchange *exchange = &g->exchanges[i];
    if (exchange->state == IDLE || now - exchange->sent < patience(&g->plan, exchange)) continue;
    g->counts.lost++;
    const int forsaken = exchange->state == AWAITS_ACK && exchange->tries == REQUEST_TRIES;
    if (forsaken) discover(g, exchange, now);
    else send_request(g, exchange, now);
  }
  flush(g);
}

static int outstanding(const struct generator *g) {
  for (uint32_t i = 0; i < g->plan.outstanding; i++)
    if (g->exchanges[i].state != IDLE) return 1;
  return 0;
}

/* Runs until the time or the exchanges are up. Gives the microseconds that were measured. */
static int64_t run(struct generator *g) {
  const struct plan *plan = &g->plan;
  const int64_t start = now_us();
  int64_t measured_from = start, next_check = start;
  int warming = plan->warmup > 0;
  for (uint32_t i = 0; i < plan->outstanding; i++) begin(g, &g->exchanges[i], now_us());
  flush(g);
  while (!interrupted) {
    receive_all(g);
    const int64_t now = now_us();
    if (warming && now >= start + plan->warmup) {
      warming = 0;
      measured_from = now;
      g->counts = (struct counts){.latencies = g->counts.latencies, .room = g->counts.room};
    }
    if (now >= start + plan->warmup + plan->duration) break;
    if (plan->exchanges != 0 && g->begun == plan->exchanges && !outstanding(g)) break;
    if (now < next_check) continue;
    retry(g, now);
    next_check = now + SECOND / 100;
  }
  return now_us() - measured_from;
}

/* Every client gets a lease, unmeasured, before the renewals. */
static void bind_clients(struct generator *g) {
  const struct plan plan = g->plan;
  g->plan.renew = 0;
  g->plan.exchanges = plan.clients;
  g->plan.warmup = 0;
  g->plan.duration = 600 * (int64_t)SECOND;
  run(g);
  g->plan = plan;
  g->begun = g->ended = 0;
  g->counts = (struct counts){0};
}

static int by_value(const void *a, const void *b) {
  const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

static uint32_t quantile(const struct counts *counts, double share) {
  return counts->ended == 0 ? 0 : counts->latencies[(size_t)(share * (double)(counts->ended - 1))];
}

static void print_result(const struct generator *g, int64_t elapsed) {
  const struct counts *counts = &g->counts;
  const double seconds = (double)(elapsed > 0 ? elapsed : 1) / SECOND;
  if (counts->ended > 0) qsort(counts->latencies, counts->ended, sizeof *counts->latencies, by_value);
  printf("{\"exchanges\":%zu,\"seconds\":%.3f,\"rate\":%.1f,", counts->ended, seconds, (double)counts->ended / seconds);
  printf("\"withWarmup\":%lu,", g->ended);
  printf("\"latencyUs\":{\"p50\":%u,\"p99\":%u,\"p999\":%u,\"max\":%u},", quantile(counts, 0.5),
         quantile(counts, 0.99), quantile(counts, 0.999), quantile(counts, 1));
  printf("\"lost\":%lu,\"naks\":%lu,\"strays\":%lu,", counts->lost, counts->naks, counts->strays);
  printf("\"addresses\":%lu,\"duplicates\":%lu}\n", g->holders->addresses, g->holders->duplicates);
}

static int open_socket(uint32_t address, uint16_t port) {
  const struct sockaddr_in own = endpoint(address, port);
  const int bytes = 16 << 20;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof own) != 0) fail("load: the relay agent's address (-r, -p)");
  /* As root past the system's limit, so that no reply is lost on this side. */
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  return fd;
}

static struct generator *new_generator(struct plan plan) {
  struct generator *g = allocate(1, sizeof *g);
  g->plan = plan;
  g->socket = open_socket(plan.relay, plan.port);
  g->exchanges = allocate(plan.outstanding, sizeof *g->exchanges);
  g->busy = allocate(plan.clients, 1);
  g->holders = new_holders(plan.clients);
  g->next_client = plan.clients - 1;
  g->generation = (uint32_t)now_us();
  for (int i = 0; i < BATCH; i++) {
    g->out_bytes[i] = (struct iovec){g->out_packets[i], 0};
    g->in_bytes[i] = (struct iovec){g->in_packets[i], LARGEST_PACKET};
    g->out[i].msg_hdr = (struct msghdr){
        .msg_namelen = sizeof(struct sockaddr_in), .msg_iov = &g->out_bytes[i], .msg_iovlen = 1};
    g->in[i].msg_hdr = (struct msghdr){.msg_iov = &g->in_bytes[i], .msg_iovlen = 1};
  }
  return g;
}

int main(int argc, char **argv) {
  struct generator *g = new_generator(parse_plan(argc, argv));
  signal(SIGTERM, interrupt);
  signal(SIGINT, interrupt);
  if (g->plan.renew) bind_clients(g);
  const int64_t elapsed = run(g);
  print_result(g, elapsed);
  return 0;
}
