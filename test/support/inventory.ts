import { Endpoints } from '../../src/boot/endpoints.ts'
import { Attempts } from '../../src/inventory/attempts.ts'
import { type Db, openDatabase } from '../../src/inventory/database.ts'
import type { Draft } from '../../src/inventory/draft.ts'
import { Events } from '../../src/inventory/events.ts'
import type { MachineInput, SubnetInput } from '../../src/inventory/inputs.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { Leases } from '../../src/inventory/leases.ts'
import type { Machine } from '../../src/inventory/model.ts'
import { imageFrom, machineFrom, roleFrom, subnetFrom } from '../../src/inventory/normalize.ts'
import { SOLE } from '../../src/inventory/oplog.ts'
import { MachineNetworks } from '../../src/machine-networks.ts'
import { FakeClock } from './clock.ts'
import { cidr, ip, mac } from './values.ts'

/** This instance's own address; the subnet around it is {@link SUBNET}. */
export const OWN = ip('10.77.0.1')
export const SUBNET: SubnetInput = {
  cidr: '10.77.0.0/24',
  gateway: '10.77.0.254',
  dns: ['10.77.0.2'],
  ntp: ['10.77.0.3'],
  domain: 'example.org',
  pools: [{ from: '10.77.0.100', to: '10.77.0.109' }],
  lease: 600
}

export type Store = ReturnType<typeof openStore>

/** The whole inventory on a database, in memory unless told otherwise, put together as the daemon does it. */
export function openStore({ db = openDatabase(':memory:'), clock = new FakeClock(), replicator = SOLE } = {}) {
  const interfaces = [{ name: 'br0', address: OWN, network: cidr('10.77.0.0/24') }]
  const leases = new Leases(db, 'a', clock.now)
  const endpoints = new Endpoints(interfaces, 80)
  const addressUse = new MachineNetworks(interfaces, leases, endpoints)
  const inventory = new Inventory({ db, instance: 'a', now: clock.now, replicator, addressUse })
  return {
    db,
    clock,
    leases,
    endpoints,
    inventory,
    attempts: new Attempts(db, inventory, clock.now),
    events: new Events(db)
  }
}

/** Makes one draft and commits it. */
export async function change<T>({ inventory }: { inventory: Inventory }, edit: (draft: Draft) => T): Promise<T> {
  const draft = inventory.draft()
  const result = edit(draft)
  await inventory.commit(draft, 'tester')
  return result
}

/** A registered machine, before it has an address; its MAC is of the number. */
export function machine(name: string, number: number, more: Partial<MachineInput> = {}): Machine {
  return machineFrom({ name, interfaces: [{ mac: mac(number) }], ...more })
}

export const subnet = (more: Partial<SubnetInput> = {}) => subnetFrom({ ...SUBNET, ...more })
export const role = (name: string) => roleFrom({ name })
export const image = (name: string) => imageFrom({ name, family: 'debian', release: 'bookworm', architecture: 'amd64' })

/** All that a database holds, table by table. */
export function dump(db: Db): Record<string, unknown[]> {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all()
  return Object.fromEntries((tables as string[]).map((name) => [name, db.prepare(`SELECT * FROM ${name}`).all()]))
}
