import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { waitFor } from '../../e2e/lab/wait.ts'
import type { Instance } from './instance.ts'
import type { Lab } from './lab.ts'

export type LeaseView = { address: string; mac: string; state: string; expiresAt: string; owner: string }
type Page<T> = { items: T[]; total: number }

const PAGE = 1000

/** Asserts that both know the same: the inventory, the leases, and what is in dispute. */
export async function sameOnBoth(t: ExecutionContext, { a, b }: Pick<Lab, 'a' | 'b'>): Promise<void> {
  for (const [what, read] of [
    ['inventory', inventoryOf],
    ['leases', leaseList],
    ['conflicts', conflictsOf]
  ] as const) {
    const [left, right] = [await read(a), await read(b)]
    // A difference of whole inventories would be unreadable.
    const [onLeft, onRight] = [new Set(left), new Set(right)]
    const differing = { a: left.filter((each) => !onRight.has(each)), b: right.filter((each) => !onLeft.has(each)) }
    t.deepEqual(differing, { a: [], b: [] }, `the ${what} of both are the same`)
    t.is(left.length, right.length)
  }
}

export async function leasesOf({ client }: Instance): Promise<LeaseView[]> {
  const all: LeaseView[] = []
  for (;;) {
    const page = await client.json<Page<LeaseView>>('GET', `/leases?limit=${PAGE}&offset=${all.length}`)
    all.push(...page.items)
    if (all.length >= page.total || page.items.length === 0) return all
  }
}

/** The names of its machines. */
export async function machinesOf({ client }: Instance): Promise<Set<string>> {
  const { machines } = await client.json<{ machines: { name: string }[] }>('GET', '/export')
  return new Set(machines.map(({ name }) => name))
}

/** Waits until nothing is left that one has to tell the other. */
export async function untilTold(...instances: readonly Instance[]): Promise<void> {
  for (const each of instances) {
    await waitFor(`${each.side} has told everything`, 120, async () => {
      const { behind } = await each.status()
      return behind.ops === 0 && behind.leases === 0
    })
  }
}

/** Waits until it has on disk what the other one has of its leases: it goes by that when it is started without the other one. */
export async function keptLeases({ side, state }: Instance): Promise<void> {
  const db = new Database(join(state, 'tandem.sqlite'), { readonly: true })
  const last = db.prepare('SELECT max(change) FROM lease').pluck()
  const kept = db.prepare("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'lease_acknowledged'").pluck()
  await waitFor(`${side} keeps what the other one has`, 60, async () => Number(kept.get()) >= Number(last.get()))
  db.close()
}

async function inventoryOf({ client }: Instance): Promise<string[]> {
  const all = await client.json<Record<string, object | object[]>>('GET', '/export')
  return Object.entries(all).flatMap(([kind, each]) =>
    (Array.isArray(each) ? each : [each]).map((entity) => `${kind} ${JSON.stringify(entity)}`)
  )
}

/** As both see it: which changes were acknowledged is each one's own. */
async function leaseList(instance: Instance): Promise<string[]> {
  return (await leasesOf(instance)).map(({ address, mac, state, expiresAt, owner }) =>
    JSON.stringify([address, mac, state, expiresAt, owner])
  )
}

async function conflictsOf({ client }: Instance): Promise<string[]> {
  const { items } = await client.json<{ items: object[] }>('GET', '/conflicts')
  return items.map((each) => JSON.stringify(each))
}
