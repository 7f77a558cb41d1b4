import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import type { Allocator, Grant } from '../../src/dhcp/allocator.ts'
import { type AuthoritativeOptions, start } from '../../src/dhcp/authoritative.ts'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import type { Exchange } from '../../src/dhcp/exchange-ring.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import type { Step } from '../../src/net/step.ts'
import { ip, packet } from './vectors.ts'

export const LOOPBACK = ip('127.0.0.1')
export const GRANT: Grant = {
  address: ip('127.0.0.10'),
  leaseTime: 600,
  options: new Map([entry(OPTION.subnetMask, ip('255.0.0.0'))]),
  boot: { kind: 'tftp', server: LOOPBACK, file: 'ipxe.efi' },
  reasons: ['it is a test']
}

/** Knows nobody and gives everybody {@link GRANT}. */
export const GRANTING: Allocator = {
  isRegistered: () => false,
  offer: () => GRANT,
  request: () => GRANT,
  bootp: () => GRANT,
  inform: () => GRANT,
  release: (_, address) => ({ reason: `${address} is given back` }),
  decline: (_, address) => ({ reason: `${address} is in use`, actOn: true }),
  commit: async () => new Map()
}

export const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A server on loopback and a relay agent, which is answered at a port of its own (RFC 8357). */
export async function loopback(
  t: ExecutionContext,
  allocator: Partial<Allocator>,
  options: Partial<AuthoritativeOptions> = {}
) {
  const steps: Step[] = []
  const traced: Exchange[] = []
  const server = await start({
    interfaces: [{ name: 'lo', address: LOOPBACK }],
    port: 0,
    allocator: { ...GRANTING, ...allocator },
    report: (step) => steps.push(step),
    trace: { record: (exchange) => traced.push(exchange) },
    now: () => 0,
    ...options
  })
  const relay = createSocket('udp4').bind(0, '127.0.0.1')
  await once(relay, 'listening')
  const port = server.endpoints[0]?.port ?? 0
  t.teardown(() => new Promise<void>((closed) => relay.close(closed)))
  return {
    server,
    steps,
    traced,
    relay,
    send: (bytes: Uint8Array) => relay.send(bytes, port, '127.0.0.1'),
    /** Steps come as datagrams do: a test waits for as many as it caused. */
    async stepsTold(count: number): Promise<Step[]> {
      while (steps.length < count) await turn()
      return steps
    }
  }
}

export async function reply(relay: Socket): Promise<Packet> {
  const [bytes] = await once(relay, 'message')
  return decode(bytes)
}

/** What a UEFI machine's packet is once it has come through the relay agent. */
export function relayed(
  type: keyof typeof MESSAGE,
  xid: number,
  options: readonly (readonly [number, Uint8Array])[] = [],
  fields: Partial<Packet> = {}
): Uint8Array {
  return encode(
    packet({ xid, giaddr: LOOPBACK, hops: 1, ...fields }, [
      entry(OPTION.messageType, MESSAGE[type]),
      entry(OPTION.architectures, [7]),
      entry(OPTION.vendorClass, 'PXEClient:Arch:00007:UNDI:003010'),
      ...options,
      entry(OPTION.relayAgent, new Map([entry(RELAY_AGENT.sourcePort, true)]))
    ])
  )
}

export const discover = (xid: number) => relayed('DISCOVER', xid)
/** Takes the offer of {@link GRANT}. */
export const request = (xid: number, serverId = LOOPBACK) =>
  relayed('REQUEST', xid, [entry(OPTION.serverId, serverId), entry(OPTION.requestedAddress, GRANT.address)])
