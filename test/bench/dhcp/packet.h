/* The packets of a relay agent's clients (RFC 2131, RFC 2132, RFC 3046): written, and replies read. */
#ifndef PACKET_H
#define PACKET_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LARGEST_PACKET = 1500, SMALLEST_REQUEST = 300, HEADER = 240 };
enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6 };

/* Where the fields of the fixed part begin. */
enum { AT_XID = 4, AT_CIADDR = 12, AT_YIADDR = 16, AT_GIADDR = 24, AT_CHADDR = 28, AT_COOKIE = 236 };

static const uint8_t COOKIE[4] = {99, 130, 83, 99};

/* What dhclient on Debian asks for. */
static const uint8_t PARAMETERS[] = {1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42};

/* Addresses are numbers in host order; an option is left out where its address is 0. */
struct request {
  uint8_t message;
  uint32_t xid;
  uint64_t mac;
  uint32_t ciaddr;
  uint32_t giaddr;
  uint32_t requested; /* option 50 */
  uint32_t server;    /* option 54 */
  int own_port;       /* RFC 8357: the relay agent is to be answered at the port it sends from */
};

struct reply {
  uint8_t message;
  uint32_t xid;
  uint64_t mac;
  uint32_t yiaddr;
  uint32_t server;
  uint32_t lease_time; /* seconds */
};

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

static void put_mac(uint8_t *at, uint64_t mac) {
  for (int i = 0; i < 6; i++) at[i] = (uint8_t)(mac >> (40 - 8 * i));
}

static uint64_t get_mac(const uint8_t *at) {
  uint64_t mac = 0;
  for (int i = 0; i < 6; i++) mac = mac << 8 | at[i];
  return mac;
}

static uint8_t *put_option(uint8_t *at, uint8_t code, const void *value, size_t length) {
  *at++ = code;
  *at++ = (uint8_t)length;
  memcpy(at, value, length);
  return at + length;
}

static uint8_t *put_address(uint8_t *at, uint8_t code, uint32_t address) {
  uint8_t value[4];
  put32(value, address);
  return address == 0 ? at : put_option(at, code, value, 4);
}

/* Writes a packet as a relay agent forwards it, of at least 300 bytes. Gives its length. */
static inline size_t write_request(uint8_t *packet, const struct request *request) {
  uint8_t client_id[7] = {1}, relay[32];
  char host[16];
  memset(packet, 0, SMALLEST_REQUEST);
  packet[0] = packet[1] = packet[3] = 1; /* BOOTREQUEST, Ethernet, one hop */
  packet[2] = 6;
  put32(packet + AT_XID, request->xid);
  put32(packet + AT_CIADDR, request->ciaddr);
  put32(packet + AT_GIADDR, request->giaddr);
  put_mac(packet + AT_CHADDR, request->mac);
  memcpy(packet + AT_COOKIE, COOKIE, 4);

  put_mac(client_id + 1, request->mac);
  int host_length = snprintf(host, sizeof host, "node-%08x", (uint32_t)request->mac);
  uint8_t *relay_end = put_option(relay, 1, "ge-0/0/12.100", 13);
  if (request->own_port) relay_end = put_option(relay_end, 19, "", 0);

  uint8_t *at = packet + HEADER;
  at = put_option(at, 53, &request->message, 1);
  at = put_option(at, 61, client_id, sizeof client_id);
  at = put_address(at, 54, request->server);
  at = put_address(at, 50, request->requested);
  at = put_option(at, 12, host, (size_t)host_length);
  at = put_option(at, 55, PARAMETERS, sizeof PARAMETERS);
  at = put_option(at, 82, relay, (size_t)(relay_end - relay));
  *at++ = 255;
  size_t length = (size_t)(at - packet);
  return length < SMALLEST_REQUEST ? SMALLEST_REQUEST : length;
}

/* Gives 0 where the bytes are no DHCP reply. */
static inline int read_reply(const uint8_t *packet, size_t length, struct reply *reply) {
  if (length < HEADER || packet[0] != 2 || memcmp(packet + AT_COOKIE, COOKIE, 4) != 0) return 0;
  memset(reply, 0, sizeof *reply);
  reply->xid = get32(packet + AT_XID);
  reply->mac = get_mac(packet + AT_CHADDR);
  reply->yiaddr = get32(packet + AT_YIADDR);
  const uint8_t *at = packet + HEADER, *end = packet + length;
  while (at < end && *at != 255) {
    if (*at == 0) {
      at++;
      continue;
    }
    if (end - at < 2 || end - at - 2 < at[1]) return 0;
    if (at[0] == 53 && at[1] == 1) reply->message = at[2];
    if (at[0] == 54 && at[1] == 4) reply->server = get32(at + 2);
    if (at[0] == 51 && at[1] == 4) reply->lease_time = get32(at + 2);
    at += 2 + at[1];
  }
  return reply->message != 0;
}

#endif
