import { Type } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import { eventChange } from '../../inventory/events.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import { isStationMac, parseMac } from '../../net/mac.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

/** Milliseconds that a simulated machine may take for its boot. */
const STAND_IN_MS = 120_000

/**
 * `POST /simulations`: what `tandem simulate` needs to play a machine from an address that isn't
 * the machine's. Its own side (an administrator) vouches for it, for two minutes.
 */
export function simulationRoutes(app: AdminApp, { boot, endpoints, speakers, ports, now }: AdminOptions): void {
  const body = Type.Object(
    { mac: Type.String(), address: Type.Optional(Type.String({ description: 'Where it will ask from; default: where this request came from.' })) },
    { additionalProperties: false }
  )
  app.post('/simulations', { schema: { tags: ['simulations'], body } }, async (request, reply) => {
    const mac = macOf(request.body.mac)
    const address = (request.body.address ?? request.ip) as Ipv4
    const { inventory } = boot.facts
    const own = inventory.machineByMac(mac)?.interfaces.find((each) => each.mac === mac)
    const subnets = [...inventory.list('subnet')]
    const subnet = subnets.find((each) => each.cidr === own?.subnet) ?? subnets.find((each) => each.pools.length > 0) ?? subnets[0]
    speakers.allow(address, mac, STAND_IN_MS)
    const message = `${address} may speak for ${mac} for ${STAND_IN_MS / 1000} s: a simulated boot`
    const event = { type: 'boot', actor: request.actor, machine: inventory.machineByMac(mac)?.name ?? null, mac, address, message }
    await inventory.write([eventChange(now(), event)])
    reply.status(201)
    return { mac, address, server: endpoints.addressFor(own?.ipv4 ?? undefined), ports, subnet: subnet?.cidr ?? null }
  })
}

function macOf(text: string) {
  try {
    const mac = parseMac(text)
    if (!isStationMac(mac)) throw new TypeError(`${mac} is a group address, not a machine's own`)
    return mac
  } catch (error) {
    throw InventoryError.invalid([{ field: 'mac', message: (error as Error).message }])
  }
}
