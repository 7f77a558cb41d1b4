import { AddressAllocator } from './boot/allocator.ts'
import { Endpoints } from './boot/endpoints.ts'
import type { LeaseChange } from './dhcp/allocator.ts'
import { type Answer, answer } from './dhcp/answer.ts'
import { BOOTREQUEST, decode, ETHERNET, encode, type Packet } from './dhcp/codec.ts'
import { interpret } from './dhcp/interpret.ts'
import { entry, MESSAGE } from './dhcp/options.ts'
import { Attempts } from './inventory/attempts.ts'
import { openDatabase } from './inventory/database.ts'
import type { FileStore } from './inventory/files.ts'
import { Inventory } from './inventory/inventory.ts'
import { Leases } from './inventory/leases.ts'
import { subnetFrom } from './inventory/normalize.ts'
import { SOLE } from './inventory/oplog.ts'
import { type Cidr, type Ipv4, UNSPECIFIED } from './net/ipv4.ts'
import { OPTION } from './net/options/table.ts'

const SERVER = '10.0.0.1' as Ipv4
/** Enough for the engine to compile what every packet runs through. */
const HANDSHAKES = 1500
const BATCH = 25

/**
 * Plays handshakes with an inventory of its own in memory, so that the first real ones, when a rack powers on,
 * find compiled code: interpreted, a packet takes ten times as long. Takes a few tenths of a second.
 */
export async function warmUp(): Promise<void> {
  const { allocator, close } = await pretendSite()
  for (let first = 0; first < HANDSHAKES; first += BATCH) {
    const changes: LeaseChange[] = []
    for (let client = first; client < first + BATCH; client += 1) {
      const offer = exchange(request(client, MESSAGE.DISCOVER), allocator)
      const address = offer.reply?.packet.yiaddr ?? UNSPECIFIED
      const chosen = [entry(OPTION.requestedAddress, address), entry(OPTION.serverId, SERVER)]
      const ack = exchange(request(client, MESSAGE.REQUEST, chosen), allocator)
      if (ack.change !== undefined) changes.push(ack.change)
    }
    await allocator.commit(changes)
    await new Promise((turnEnded) => setImmediate(turnEnded))
  }
  close()
}

async function pretendSite() {
  const db = openDatabase(':memory:')
  const addressUse = { usedBy: () => undefined, leasedAddress: () => undefined }
  const inventory = new Inventory({ db, instance: 'warm-up', now: Date.now, replicator: SOLE, addressUse })
  const draft = inventory.draft()
  const pools = [{ from: '10.0.1.0', to: '10.0.255.250' }]
  draft.putSubnet(subnetFrom({ cidr: '10.0.0.0/16', gateway: SERVER, dns: [SERVER], domain: 'example.org', pools }))
  await inventory.commit(draft, 'warm-up')
  const leases = new Leases(db, 'warm-up', Date.now)
  const endpoints = new Endpoints([{ name: '', address: SERVER, network: '10.0.0.0/16' as Cidr }], 80)
  const attempts = new Attempts(db, inventory, Date.now)
  const files: Pick<FileStore, 'size'> = { size: () => undefined }
  const allocator = new AddressAllocator(
    { inventory, leases, attempts, files, hasLoader: () => true, offerLimit: 1 },
    endpoints
  )
  return { allocator, close: () => db.close() }
}

function exchange(bytes: Uint8Array, allocator: AddressAllocator): Answer {
  const packet = decode(bytes)
  const arrival = { server: SERVER, servers: [SERVER], cast: 'unicast' } as const
  const given = answer(interpret(packet, arrival), packet, allocator)
  if (given.reply) encode(given.reply.packet)
  return given
}

function request(client: number, type: number, more: [number, Uint8Array][] = []): Uint8Array {
  const addresses = { ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: SERVER }
  const packet: Packet = {
    ...{ op: BOOTREQUEST, htype: ETHERNET, hops: 1, xid: client, secs: 0, flags: 0 },
    ...addresses,
    chaddr: Uint8Array.of(2, 0, 0, 0, client >> 8, client),
    sname: '',
    file: '',
    options: new Map([
      entry(OPTION.messageType, type),
      ...more,
      entry(OPTION.parameters, [1, 3, 6, 12, 15, 28, 42, 51, 54, 58, 59, 66, 67, 119]),
      entry(OPTION.clientId, Uint8Array.of(1, 2, 0, 0, 0, client >> 8, client)),
      entry(OPTION.hostName, `host-${client}`),
      entry(OPTION.relayAgent, new Map([[1, Uint8Array.of(1, 2, 3, 4)]]))
    ])
  }
  return encode(packet)
}
