import { AddressAllocator } from '../../../src/boot/allocator.ts'
import { Endpoints } from '../../../src/boot/endpoints.ts'
import { type Answer, answer } from '../../../src/dhcp/answer.ts'
import { decode, encode, type Packet } from '../../../src/dhcp/codec.ts'
import { type Arrival, interpret } from '../../../src/dhcp/interpret.ts'
import { Attempts } from '../../../src/inventory/attempts.ts'
import { type Db, openDatabase } from '../../../src/inventory/database.ts'
import { InventoryError } from '../../../src/inventory/errors.ts'
import { Inventory } from '../../../src/inventory/inventory.ts'
import { directLeaseLog } from '../../../src/inventory/lease-log.ts'
import { Leases } from '../../../src/inventory/leases.ts'
import { SOLE } from '../../../src/inventory/oplog.ts'
import { MachineNetworks } from '../../../src/machine-networks.ts'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import { FakeClock } from '../../support/clock.ts'
import { change, machine, OWN } from '../../support/inventory.ts'
import { cidr, mac } from '../../support/values.ts'
import { LINKS } from './network.ts'

const INTERFACES = [{ name: 'br0', address: OWN, network: cidr('10.77.0.0/24') }]
const NOTHING = async () => {}

/** The DHCP server as the daemon puts it together, on a database in memory and without its sockets. */
export class Site {
  readonly clock = new FakeClock()
  readonly #db: Db = openDatabase(':memory:')
  #parts = this.#start()
  /** Happens while leases are being written. */
  #meanwhile = NOTHING

  static async open(): Promise<Site> {
    const site = new Site()
    await change(site.#parts, (draft) => {
      for (const { subnet } of LINKS) draft.putSubnet(subnet)
    })
    return site
  }

  get leases(): Leases {
    return this.#parts.leases
  }

  get allocator(): AddressAllocator {
    return this.#parts.allocator
  }

  /** Forgets all that isn't on disk. */
  restart(): void {
    this.#parts = this.#start()
  }

  close(): void {
    this.#db.close()
  }

  /**
   * Takes the datagrams of one turn of the event loop, as dhcp/server.ts does: each is answered, and what they
   * change is made durable in one commit before any of it is acknowledged.
   * @returns the replies, undefined for silence.
   */
  async turn(datagrams: readonly { bytes: Uint8Array; arrival: Arrival }[], meanwhile = NOTHING) {
    const { allocator } = this.#parts
    const answers = datagrams.map(({ bytes, arrival }) => {
      const packet = decode(bytes)
      return answer(interpret(packet, arrival), packet, allocator)
    })
    this.#meanwhile = meanwhile
    const changes = answers.map((each) => each.change).filter((each) => each !== undefined)
    const impossible = await allocator.commit(changes)
    this.#meanwhile = NOTHING
    const isKept = ({ change }: Answer) => change === undefined || !impossible.has(change)
    return answers.map((each) => (each.reply && isKept(each) ? asSent(each.reply.packet) : undefined))
  }

  /** @returns the machine's address; undefined where it can't have that one, or none is left. */
  async register(who: number, address: Ipv4 | undefined): Promise<Ipv4 | undefined> {
    const interfaces = [{ mac: mac(who), ...(address === undefined ? { subnet: '10.77.0.0/24' } : { ipv4: address }) }]
    try {
      const { interfaces: made } = await change(this.#parts, (draft) =>
        draft.putMachine(machine(`m-${who}`, who, { interfaces }))
      )
      return made[0]?.ipv4 ?? undefined
    } catch (error) {
      if (error instanceof InventoryError) return undefined
      throw error
    }
  }

  async remove(who: number): Promise<void> {
    if (this.#parts.inventory.get('machine', `m-${who}`) === undefined) return
    await change(this.#parts, (draft) => draft.delete('machine', `m-${who}`))
  }

  #start() {
    const { clock } = this
    const db = this.#db
    const disk = directLeaseLog(db)
    const leases = new Leases(db, 'a', clock.now, {
      ...disk,
      append: async (rows) => {
        await this.#meanwhile()
        return disk.append(rows)
      }
    })
    const endpoints = new Endpoints(INTERFACES, 80)
    const addressUse = new MachineNetworks(INTERFACES, leases, endpoints)
    const inventory = new Inventory({ db, instance: 'a', now: clock.now, replicator: SOLE, addressUse })
    const attempts = new Attempts(db, inventory, clock.now)
    const files = { size: () => undefined }
    const facts = {
      inventory,
      leases,
      attempts,
      files,
      hasLoader: () => true,
      missingSigned: () => undefined,
      offerLimit: 2
    }
    return { inventory, leases, allocator: new AddressAllocator(facts, endpoints) }
  }
}

function asSent(packet: Packet): Packet {
  return decode(encode(packet))
}
