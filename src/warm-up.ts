import { AddressAllocator } from './boot/allocator.ts'
import { Endpoints } from './boot/endpoints.ts'
import { start } from './dhcp/authoritative.ts'
import { BOOTREQUEST, decode, ETHERNET, encode, type Packet } from './dhcp/codec.ts'
import { entry, MESSAGE } from './dhcp/options.ts'
import { Trace } from './dhcp/trace.ts'
import { Attempts } from './inventory/attempts.ts'
import { openDatabase } from './inventory/database.ts'
import type { FileStore } from './inventory/files.ts'
import { Inventory } from './inventory/inventory.ts'
import { Leases } from './inventory/leases.ts'
import { subnetFrom } from './inventory/normalize.ts'
import { SOLE } from './inventory/oplog.ts'
import { type Cidr, type Ipv4, UNSPECIFIED } from './net/ipv4.ts'
import { OPTION } from './net/options/table.ts'
import type { Interface, openUdp, UdpHandlers, UdpSocket } from './net/udp.ts'

const SERVER = '10.0.0.1' as Ipv4
const AT: Interface = { name: 'warm-up', address: SERVER }
const PORT = 67
/** Enough for the engine to compile what every packet runs through. */
const HANDSHAKES = 1500
const BATCH = 25
/** The bytes of an endpoint don't matter. */
const RELAY = { address: SERVER, port: PORT }

/**
 * Plays handshakes with a server of its own, without a network and with an inventory in memory, so that the first real
 * ones, when a rack powers on, find compiled code: interpreted, a packet takes ten times as long. Takes a few tenths of a second.
 */
export async function warmUp(): Promise<void> {
  const { allocator, close } = await pretendSite()
  const network = pretendNetwork()
  const trace = new Trace({ bytes: 1 << 20, now: Date.now })
  const now = () => performance.now()
  const server = await start({ interfaces: [AT], port: PORT, open: network.open, report() {}, trace, now, allocator })
  for (let first = 0; first < HANDSHAKES; first += BATCH) {
    const clients = Array.from({ length: BATCH }, (_, index) => first + index)
    const offers = await network.exchange(clients.map((client) => request(client, MESSAGE.DISCOVER)))
    await network.exchange(
      offers.map((offer) => {
        const { xid, yiaddr } = decode(offer)
        const chosen = [entry(OPTION.requestedAddress, yiaddr), entry(OPTION.serverId, SERVER)]
        return request(xid, MESSAGE.REQUEST, chosen)
      })
    )
  }
  await server.close()
  close()
}

/** What is received is handed over as a socket would; what is sent is gathered. */
function pretendNetwork() {
  let handlers: UdpHandlers | undefined
  let sent: Uint8Array[] = []
  const socket: UdpSocket = {
    at: AT,
    port: PORT,
    behind: 0,
    send: (bytes) => {
      sent.push(bytes.slice())
    },
    close: async () => {}
  }
  const open: typeof openUdp = async (_interfaces, _port, given) => {
    handlers = given
    return [socket]
  }
  return {
    open,
    /** @returns the replies. */
    async exchange(requests: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
      sent = []
      for (const bytes of requests) handlers?.receive({ bytes, from: RELAY, cast: 'unicast', socket })
      for (let turns = 0; sent.length < requests.length && turns < 100; turns += 1) {
        await new Promise((turnEnded) => setImmediate(turnEnded))
      }
      return sent
    }
  }
}

async function pretendSite() {
  const db = openDatabase(':memory:')
  const addressUse = { usedBy: () => undefined, leasedAddress: () => undefined, isForHere: () => true }
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
    { inventory, leases, attempts, files, hasLoader: () => true, missingSigned: () => undefined, offerLimit: 1 },
    endpoints
  )
  return { allocator, close: () => db.close() }
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
