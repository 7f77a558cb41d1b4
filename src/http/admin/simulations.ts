import { Type } from 'typebox'
import { STAND_IN, type StandIn } from '../../boot/speakers.ts'
import { InventoryError } from '../../inventory/errors.ts'
import { eventChange } from '../../inventory/events.ts'
import type { Ipv4 } from '../../net/ipv4.ts'
import { isStationMac, type Mac } from '../../net/mac.ts'
import { macOf } from '../mac.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

/** Milliseconds that a simulated machine may take for its boot. */
const STAND_IN_MS = 120_000

/**
 * What `tandem simulate` needs to play a machine. `GET /simulations/{mac}`: where the machine would
 * find the service. `POST /simulations`: an administrator vouches, for two minutes, that an address
 * that isn't the machine's speaks for it.
 */
export function simulationRoutes(app: AdminApp, { boot, endpoints, speakers, ports, now }: AdminOptions): void {
  const { inventory } = boot.facts
  const tags = ['simulations']

  app.get('/simulations/:mac', { schema: { tags, params: Type.Object({ mac: Type.String() }) } }, (request) => {
    const mac = stationMac(request.params.mac)
    const own = inventory.machineByMac(mac)?.interfaces.find((each) => each.mac === mac)
    const subnets = [...inventory.list('subnet')]
    const registered = subnets.find((each) => each.cidr === own?.subnet)
    const subnet = registered ?? subnets.find((each) => each.pools.length > 0) ?? subnets[0]
    const server = endpoints.addressFor(own?.ipv4 ?? undefined)
    return { mac, server, peer: endpoints.peerFor(server) ?? null, ports, subnet: subnet?.cidr ?? null }
  })

  const body = Type.Object({ mac: Type.String(), address: Type.String() }, { additionalProperties: false })
  app.post('/simulations', { schema: { tags, body } }, async (request, reply) => {
    const mac = stationMac(request.body.mac)
    const address = request.body.address as Ipv4
    speakers.allow(address, mac, STAND_IN_MS)
    const message = `${address} may speak for ${mac} for ${STAND_IN_MS / 1000} s: a simulated boot`
    const machine = inventory.machineByMac(mac)?.name ?? null
    const event = eventChange(now(), { type: 'boot', actor: request.actor, machine, mac, address, message })
    const value: StandIn = { address, mac, milliseconds: STAND_IN_MS }
    await inventory.write([event, { entity: STAND_IN, key: mac, field: 'row', value }])
    reply.status(201)
    return { mac, address }
  })
}

/** @throws {InventoryError} `invalid`. */
function stationMac(text: string): Mac {
  const mac = macOf(text)
  if (isStationMac(mac)) return mac
  throw InventoryError.invalid([{ field: 'mac', message: `${mac} is a group address, not a machine's own` }])
}
