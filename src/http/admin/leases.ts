import { type Static, Type } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import { eventChange } from '../../inventory/events.ts'
import type { Lease } from '../../inventory/lease.ts'
import { importLeases } from '../../inventory/lease-import.ts'
import { CONDITIONS, type Condition, conditionOf, type Wanted } from '../../inventory/lease-search.ts'
import { ipv4FromNumber, parseCidr, parseIpv4 } from '../../net/ipv4.ts'
import { choice } from '../../net/validation.ts'
import { parsed } from '../fields.ts'
import { macOf } from '../mac.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

const DEFAULT_LIMIT = 1000
const MOST_IMPORTED = 10_000
const text = Type.Optional(Type.String())
const digits = Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' }))
const tags = ['leases']

const Query = Type.Object(
  { mac: text, machine: text, subnet: text, state: Type.Optional(choice(CONDITIONS)), limit: digits, offset: digits },
  { additionalProperties: false }
)
const Imported = Type.Object(
  {
    address: Type.String(),
    mac: Type.String(),
    clientId: Type.Optional(Type.String({ pattern: '^([0-9a-f]{2})+$', description: 'Option 61, hexadecimal.' })),
    hostName: Type.Optional(Type.String({ maxLength: 255 })),
    expiresAt: Type.Optional(
      Type.String({ description: 'RFC 3339. Left out: the client was told that it never does.' })
    )
  },
  { additionalProperties: false }
)
const ImportBody = Type.Object(
  { leases: Type.Array(Imported, { maxItems: MOST_IMPORTED }) },
  { additionalProperties: false }
)

/** `/leases`: who holds which address; to take one back, and to take over those that another server gave out. */
export function leaseRoutes(app: AdminApp, { boot, now }: AdminOptions): void {
  const { leases, inventory } = boot.facts

  app.get('/leases', { schema: { tags, querystring: Query } }, ({ query }) => {
    const limit = Number(query.limit ?? DEFAULT_LIMIT)
    const offset = Number(query.offset ?? 0)
    const addresses = leases.find(wantedBy(query))
    const items = Array.from(addresses.subarray(offset, offset + limit), (address) => {
      const lease = leases.at(ipv4FromNumber(address)) as Lease
      return viewOf(lease)
    })
    return { items, total: addresses.length, limit, offset }
  })

  const params = Type.Object({ address: Type.String() })
  const description = 'Ends a lease, or a quarantine, at once: the address may be given to somebody else.'
  app.delete('/leases/:address', { schema: { tags, params, description } }, async (request) => {
    const address = parsed('address', () => parseIpv4(request.params.address))
    const lease = leases.at(address)
    if (lease === undefined || lease.expiresAt <= now())
      throw new InventoryError('not-found', `nobody holds a lease of ${address}`)
    await leases.apply([{ kind: 'release', address }])
    const machine = inventory.machineByMac(lease.mac)?.name ?? null
    const message = `lease of ${address}, ${stateOf(lease)}, ended by hand`
    const event = { type: 'lease', actor: request.actor, machine, mac: lease.mac, address, message }
    return { address, ...(await inventory.write([eventChange(now(), event)])) }
  })

  const about = 'Takes over leases of another DHCP server. One that would clash with a lease or a machine is skipped.'
  app.post('/leases/import', { schema: { tags, body: ImportBody, description: about } }, async (request) => {
    const given = request.body.leases.map((each, index) => importedOf(each, `leases[${index}]`, now()))
    const { taken, skipped } = await importLeases(inventory, leases, given, now())
    if (taken === 0) return { taken, skipped, replicated: false }
    const message = `${taken} leases of another server taken over`
    const event = { type: 'lease', actor: request.actor, message }
    return { taken, skipped, ...(await inventory.write([eventChange(now(), event)])) }
  })

  function wantedBy({ mac, machine, subnet, state }: Static<typeof Query>): Wanted {
    const own =
      machine === undefined ? undefined : inventory.need('machine', machine).interfaces.map((each) => each.mac)
    const asked = mac === undefined ? undefined : macOf(mac)
    return {
      macs: own && asked ? own.filter((each) => each === asked) : (own ?? (asked && [asked])),
      cidr: subnet === undefined ? undefined : parsed('subnet', () => parseCidr(subnet)),
      condition: state
    }
  }

  function viewOf(lease: Lease): Record<string, unknown> {
    const { version: _, grantedAt: __, startedAt, expiresAt, state: ___, ...rest } = lease
    return {
      ...rest,
      startedAt: new Date(startedAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
      state: stateOf(lease),
      machine: inventory.machineByMac(lease.mac)?.name ?? null,
      kind: inventory.machineByAddress(lease.address) ? 'fixed' : 'pool'
    }
  }

  function stateOf({ state, expiresAt }: Lease): Condition {
    return conditionOf(state, expiresAt, now())
  }
}

function importedOf({ address, mac, clientId, hostName, expiresAt }: Static<typeof Imported>, at: string, now: number) {
  const ends = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
  return {
    address: parsed(`${at}.address`, () => parseIpv4(address)),
    mac: macOf(mac, `${at}.mac`),
    clientId,
    hostName,
    seconds: parsed(`${at}.expiresAt`, () => {
      if (Number.isNaN(ends)) throw new TypeError(`"${expiresAt}" is not a time like 2026-11-22T12:00:00Z`)
      return Math.floor((ends - now) / 1000)
    })
  }
}
