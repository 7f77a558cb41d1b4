/*
 * Answers every DISCOVER and REQUEST at once and keeps nothing: how fast the load generator and the network are.
 *
 *   gcc -O2 -o echo echo.c && ./echo 10.0.0.2
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/socket.h>

#include "packet.h"

enum { BATCH = 64, LEASE_TIME = 3600 };

/* Turns a request into its answer where it lies. Gives the length, 0 for no answer. */
static size_t answer(uint8_t *packet, size_t length, uint32_t server) {
  uint8_t value[4];
  if (length < HEADER + 3 || packet[0] != 1 || packet[HEADER] != 53) return 0;
  const uint8_t message = packet[HEADER + 2] == DISCOVER ? OFFER : ACK;
  packet[0] = 2;
  /* 10.x.x.x by the last three octets of the MAC address. */
  put32(packet + AT_YIADDR, 10u << 24 | (uint32_t)(get_mac(packet + AT_CHADDR) & 0xffffff));
  uint8_t *at = put_option(packet + HEADER, 53, &message, 1);
  at = put_address(at, 54, server);
  put32(value, LEASE_TIME);
  at = put_option(at, 51, value, 4);
  put32(value, 0xffff0000);
  at = put_option(at, 1, value, 4);
  memset(at, 255, 1);
  return SMALLEST_REQUEST;
}

int main(int argc, char **argv) {
  static uint8_t packets[BATCH][LARGEST_PACKET];
  static struct mmsghdr messages[BATCH];
  static struct iovec bytes[BATCH];
  static struct sockaddr_in from[BATCH];
  const int buffer = 16 << 20;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(67)};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (argc != 2 || inet_pton(AF_INET, argv[1], &own.sin_addr) != 1) return 2;
  if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) return 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      bytes[i] = (struct iovec){packets[i], LARGEST_PACKET};
      messages[i].msg_hdr = (struct msghdr){&from[i], sizeof from[i], &bytes[i], 1, NULL, 0, 0};
    }
    const int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    unsigned answers = 0;
    for (int i = 0; i < count; i++) {
      bytes[i].iov_len = answer(packets[i], messages[i].msg_len, ntohl(own.sin_addr.s_addr));
      if (bytes[i].iov_len > 0) messages[answers++] = messages[i];
    }
    sendmmsg(fd, messages, answers, 0);
  }
}
