/* Who holds which address, as far as ACKs say: to find an address that is given to two clients at once. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <stdint.h>
#include <stdlib.h>

struct lease {
  uint32_t address; /* 0: none */
  int64_t until;    /* microseconds */
};

struct holders {
  struct lease *leases; /* of every client */
  uint32_t *pages[1 << 16]; /* by the upper half of an address, then the lower: the last holder's number + 1 */
  uint64_t addresses;
  uint64_t duplicates;
};

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) exit(3);
  return memory;
}

static struct holders *new_holders(uint32_t clients) {
  struct holders *holders = allocate(1, sizeof *holders);
  holders->leases = allocate(clients, sizeof *holders->leases);
  return holders;
}

/* Notes an ACK. It is a duplicate where another client was given the address, has it still, and its lease still runs. */
static void hold(struct holders *holders, uint32_t client, uint32_t address, int64_t now, int64_t until) {
  uint32_t **page = &holders->pages[address >> 16];
  if (*page == NULL) *page = allocate(1 << 16, sizeof **page);
  uint32_t *holder = &(*page)[address & 0xffff];
  if (*holder == 0) holders->addresses++;
  else if (*holder != client + 1) {
    struct lease other = holders->leases[*holder - 1];
    if (other.address == address && other.until > now) holders->duplicates++;
  }
  *holder = client + 1;
  holders->leases[client] = (struct lease){address, until};
}

#endif
