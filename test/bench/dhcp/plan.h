/* What load.c is asked to do: its command line. */
#ifndef PLAN_H
#define PLAN_H

#include <arpa/inet.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USAGE[] =
    "load [options] SERVER[:PORT] [SERVER[:PORT]]\n"
    "  Of two servers both get every packet, as from a relay agent that knows both.\n"
    "  -r ADDRESS   the relay agent's own address, in the subnet to give addresses from (127.0.0.1)\n"
    "  -p PORT      its port (67); at another it asks to be answered there (RFC 8357)\n"
    "  -o NUMBER    outstanding exchanges (64)\n"
    "  -c NUMBER    clients, used in turn (50000)\n"
    "  -m MAC       the first client's MAC address (02:00:00:00:00:00); the others count up\n"
    "  -d SECONDS   end after this time (10)\n"
    "  -n NUMBER    end after so many exchanges, or after -d\n"
    "  -w SECONDS   warm up before that, unmeasured (0)\n"
    "  -t MS        send a packet again when nothing came for this long (1000); it counts as lost\n"
    "  --renew      first bind all clients; then exchanges are renewals (ciaddr, no options 50 and 54)\n"
    "  --storm      -n clients that have no address begin at once; they try again after about 4, 8, 16, 32 seconds\n"
    "  --ledger F   append every acknowledged lease to a file, as \"MAC ADDRESS\"\n";

/* SLOT_BITS: so many bits of a transaction id say which of the outstanding exchanges it is. */
enum { SLOT_BITS = 20, STORM_RETRY_MS = 4000, SECOND = 1000000 };

enum { MOST_SERVERS = 2 };

struct plan {
  struct sockaddr_in servers[MOST_SERVERS];
  int server_count;
  uint32_t relay;
  uint16_t port;
  uint32_t outstanding, clients;
  uint64_t first_mac, exchanges; /* exchanges 0: no limit */
  int64_t duration, warmup, timeout; /* microseconds */
  int renew, storm;
  FILE *ledger;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void refuse(const char *what) {
  fprintf(stderr, "load: %s\n%s", what, USAGE);
  exit(2);
}

static uint32_t parse_address(const char *text) {
  struct in_addr address;
  if (inet_pton(AF_INET, text, &address) != 1) refuse("an address is like 10.0.0.1");
  return ntohl(address.s_addr);
}

static uint64_t parse_mac(const char *text) {
  unsigned o[6];
  uint64_t mac = 0;
  if (sscanf(text, "%x:%x:%x:%x:%x:%x", o, o + 1, o + 2, o + 3, o + 4, o + 5) != 6) refuse("a MAC has six octets");
  for (int i = 0; i < 6; i++) mac = mac << 8 | (o[i] & 0xff);
  return mac;
}

static double parse_number(const char *text, double least, double most) {
  char *rest;
  const double number = strtod(text, &rest);
  if (*text == 0 || *rest != 0 || !(number >= least && number <= most)) refuse("a number is out of its range");
  return number;
}

static struct sockaddr_in endpoint(uint32_t address, uint16_t port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(address)}, .sin_port = htons(port)};
}

static struct sockaddr_in parse_server(char *text) {
  char *colon = strchr(text, ':');
  if (colon) *colon = 0;
  return endpoint(parse_address(text), colon ? (uint16_t)parse_number(colon + 1, 1, 65535) : 67);
}

static struct plan parse_plan(int argc, char **argv) {
  static const struct option LONG[] = {
      {"renew", no_argument, NULL, 'R'}, {"storm", no_argument, NULL, 'S'}, {"ledger", required_argument, NULL, 'L'}, {0}};
  struct plan plan = {.relay = 0x7f000001, .port = 67, .outstanding = 64, .clients = 50000, .first_mac = 0x020000000000,
                      .duration = 10 * SECOND, .timeout = SECOND};
  for (int option; (option = getopt_long(argc, argv, "r:p:o:c:m:d:n:w:t:", LONG, NULL)) != -1;) switch (option) {
      case 'r': plan.relay = parse_address(optarg); break;
      case 'p': plan.port = (uint16_t)parse_number(optarg, 1, 65535); break;
      case 'o': plan.outstanding = (uint32_t)parse_number(optarg, 1, 1 << SLOT_BITS); break;
      case 'c': plan.clients = (uint32_t)parse_number(optarg, 1, 1 << 24); break;
      case 'm': plan.first_mac = parse_mac(optarg); break;
      case 'd': plan.duration = (int64_t)(parse_number(optarg, 0.01, 86400) * SECOND); break;
      case 'n': plan.exchanges = (uint64_t)parse_number(optarg, 1, 1e9); break;
      case 'w': plan.warmup = (int64_t)(parse_number(optarg, 0, 3600) * SECOND); break;
      case 't': plan.timeout = (int64_t)(parse_number(optarg, 1, 60000) * 1000); break;
      case 'R': plan.renew = 1; break;
      case 'S': plan.storm = 1; break;
      case 'L':
        plan.ledger = fopen(optarg, "a");
        if (plan.ledger == NULL) fail(optarg);
        break;
      default: refuse("no such option");
    }
  plan.server_count = argc - optind;
  if (plan.server_count < 1 || plan.server_count > MOST_SERVERS) refuse("name one server, or two");
  for (int i = 0; i < plan.server_count; i++) plan.servers[i] = parse_server(argv[optind + i]);
  if (plan.storm) {
    if (plan.exchanges == 0 || plan.exchanges > 1 << SLOT_BITS) refuse("--storm needs -n, of 1048576 at most");
    plan.outstanding = plan.clients = (uint32_t)plan.exchanges;
    plan.timeout = STORM_RETRY_MS * 1000;
  }
  if (plan.outstanding > plan.clients) refuse("more exchanges are outstanding (-o) than there are clients (-c)");
  return plan;
}

#endif
