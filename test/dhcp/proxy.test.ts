import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import type { BootAnswer } from '../../src/dhcp/allocator.ts'
import { encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { type ProxyOptions, start } from '../../src/dhcp/proxy.ts'
import type { Adviser, Sighting } from '../../src/dhcp/proxy-answer.ts'
import { BOOT_SERVER_OFFSET } from '../../src/dhcp/proxy-port.ts'
import { UNSPECIFIED } from '../../src/net/ipv4.ts'
import { OPTION } from '../../src/net/options/table.ts'
import type { Step } from '../../src/net/step.ts'
import { SocketError } from '../../src/net/udp.ts'
import { discover, LOOPBACK, relayed, reply, turn } from './loopback.ts'
import { ip, packet } from './vectors.ts'

const LOADER: BootAnswer = { kind: 'tftp', server: LOOPBACK, file: 'ipxe.efi' }
const GIVEN = ip('127.0.0.10')
const THEIRS = ip('127.0.0.2')

/** A ProxyDHCP server on loopback and a fake PXE client. */
async function beside(t: ExecutionContext, options: Partial<ProxyOptions> = {}, adviser: Partial<Adviser> = {}) {
  const steps: Step[] = []
  const seen: Sighting[] = []
  const ports: number[] = []
  const server = await start({
    interfaces: [{ name: 'lo', address: LOOPBACK }],
    port: 0,
    adviser: {
      isRegistered: () => false,
      advise: () => ({ boot: LOADER, options: new Map(), reasons: ['it is a test'] }),
      async commit(sightings) {
        seen.push(...sightings)
        return new Map()
      },
      ...adviser
    },
    report: (step) => steps.push(step),
    trace: { record: ({ server }) => ports.push(server.port) },
    now: () => 0,
    ...options
  })
  t.teardown(() => server.close())
  const client = createSocket('udp4').bind(0, '127.0.0.1')
  await once(client, 'listening')
  t.teardown(() => new Promise<void>((closed) => client.close(closed)))
  const [port = 0] = server.endpoints.map((each) => each.port)
  const [bootPort = 0] = server.bootEndpoints.map((each) => each.port)
  const send = (bytes: Uint8Array, to: number) => client.send(bytes, to, '127.0.0.1')
  const told = async (count: number) => {
    while (steps.length < count) await turn()
    return steps.map(({ outcome }) => outcome)
  }
  return { server, client, port, bootPort, send, told, seen, ports }
}

const bootRequest = (xid: number, fields: Partial<Packet> = { ciaddr: LOOPBACK }) =>
  encode(
    packet({ xid, ...fields }, [
      entry(OPTION.messageType, MESSAGE.REQUEST),
      entry(OPTION.architectures, [7]),
      entry(OPTION.vendorClass, 'PXEClient:Arch:00007:UNDI:003000')
    ])
  )

test('a machine comes from the offer by the boot server to its loader, and where it is is known', async (t) => {
  const { client, port, bootPort, send, told, seen, ports } = await beside(t)
  send(discover(1), port)
  t.like(await reply(client), { xid: 1, yiaddr: UNSPECIFIED, siaddr: LOOPBACK, file: '' })

  const taken = [entry(OPTION.serverId, THEIRS), entry(OPTION.requestedAddress, GIVEN)]
  send(relayed('REQUEST', 1, taken), port)
  t.deepEqual(await told(2), ['proxy-offer', 'sighting'])

  send(bootRequest(2), bootPort)
  t.like(await reply(client), { xid: 2, yiaddr: UNSPECIFIED, ciaddr: LOOPBACK, siaddr: LOOPBACK, file: 'ipxe.efi' })
  t.deepEqual(await told(3), ['proxy-offer', 'sighting', 'boot-server'])
  t.deepEqual(
    seen.map(({ client: { mac }, address, certain }) => [mac, address, certain]),
    [GIVEN, LOOPBACK].map((address) => ['52:54:00:00:00:0a', address, true])
  )
  t.deepEqual(ports, [port, port, bootPort])
})

for (const [what, fields] of [
  ['says no address', {}],
  ['says another address', { ciaddr: GIVEN }]
] as const) {
  test(`a client that ${what} is where it asks the boot server from`, async (t) => {
    const { client, bootPort, send, seen } = await beside(t)
    send(bootRequest(3, fields), bootPort)
    t.like(await reply(client), { xid: 3 })
    t.like(seen, [{ address: LOOPBACK, client: { link: LOOPBACK } }])
  })
}

test('an answer that could not be kept is none', async (t) => {
  const commit = async () => {
    throw new Error('disk is full')
  }
  const { bootPort, send, told } = await beside(t, {}, { commit })
  send(bootRequest(4), bootPort)
  t.deepEqual(await told(1), ['commit-failed'])
})

test('malformed packets end where they come in', async (t) => {
  const { client, port, bootPort, send, told } = await beside(t)
  for (const each of [port, bootPort]) {
    send(new Uint8Array(300).fill(7), each)
    send(relayed('REQUEST', 5, [[OPTION.serverId.code, new Uint8Array(3)]]), each)
  }
  t.deepEqual(await told(4), Array(4).fill('malformed'))
  send(discover(6), port)
  t.is((await reply(client)).xid, 6)
})

async function hold(port: number): Promise<Socket> {
  const socket = createSocket('udp4').bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

/** One that is free, as is its boot server's. */
async function freePort(): Promise<number> {
  const socket = await hold(0)
  const { port } = socket.address()
  await once(socket.close(), 'close')
  return port
}

test("the boot server's port is 3944 above, as 4011 is above 67", async (t) => {
  t.is(67 + BOOT_SERVER_OFFSET, 4011)
  const port = await freePort()
  const { server } = await beside(t, { port })
  t.deepEqual(server.bootEndpoints, [{ address: LOOPBACK, port: port + 3944 }])
})

for (const [what, offset] of [
  ['the DHCP port', 0],
  ["the boot server's port", BOOT_SERVER_OFFSET]
] as const) {
  test(`where another program holds ${what}, it says why it can't be beside it, and holds nothing`, async (t) => {
    const port = await freePort()
    const other = await hold(port + offset)
    const error = await t.throwsAsync(beside(t, { port }), { instanceOf: SocketError, code: 'EADDRINUSE' })
    t.regex(
      error?.message ?? '',
      new RegExp(
        `^UDP port ${port + offset} of 127.* is held by .*, or run Tandem on another host: .* reaches only one$`
      )
    )
    await once(other.close(), 'close')
    await t.notThrowsAsync(beside(t, { port }))
  })
}
