import type { Mac } from '../net/mac.ts'
import type { Datagram } from '../net/udp.ts'
import type { Answer } from './answer.ts'
import type { Packet } from './codec.ts'
import type { Arrival } from './interpret.ts'

/** What a packet asks for, as it is described, and what comes of it. */
export type Understood<Change> = { readonly asked: () => string; readonly answer: () => Answer<Change> }

/**
 * What a server is to its clients: how it understands packets and answers them.
 * @throws {MalformedPacket} for a packet that makes no sense.
 */
export type Role<Change> = (packet: Packet, arrival: Arrival, datagram: Datagram) => Understood<Change>

/** What stands behind the answers. */
export type Keeper<Change> = {
  /** Whether the client is a machine of the inventory: in a flood those come first. */
  isRegistered(mac: Mac): boolean
  /** Keeps what answers promise, before they leave. @returns why some could not be kept. */
  commit(changes: readonly Change[]): Promise<ReadonlyMap<Change, string>>
}
