import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import type { Allocator, Grant } from '../../src/dhcp/allocator.ts'
import { decode, encode, type Packet } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { start } from '../../src/dhcp/server.ts'
import { OPTION, RELAY_AGENT } from '../../src/net/options/table.ts'
import type { Step } from '../../src/net/step.ts'
import { fromHex, ip, packet } from './vectors.ts'

const LOOPBACK = ip('127.0.0.1')
const GRANT: Grant = {
  address: ip('127.0.0.10'),
  mask: ip('255.0.0.0'),
  broadcast: ip('127.255.255.255'),
  routers: [],
  dnsServers: [],
  ntpServers: [],
  leaseTime: 600,
  boot: { kind: 'tftp', server: LOOPBACK, file: 'ipxe.efi' },
  reasons: []
}
const GRANTING: Allocator = { offer: () => GRANT, request: () => GRANT, commit: async () => {} }

/** A server on loopback and a relay agent, which can be answered at a port of its own (RFC 8357). */
async function network(t: ExecutionContext, allocator: Partial<Allocator>) {
  const steps: Step[] = []
  const server = await start({
    interfaces: [{ name: 'lo', address: LOOPBACK }],
    port: 0,
    allocator: { ...GRANTING, ...allocator },
    report: (step) => steps.push(step)
  })
  const relay = createSocket('udp4').bind(0, '127.0.0.1')
  await once(relay, 'listening')
  const port = server.endpoints[0]?.port ?? 0
  t.teardown(() => new Promise<void>((closed) => relay.close(closed)))
  return {
    server,
    steps,
    relay,
    send: (bytes: Uint8Array) => relay.send(bytes, port, '127.0.0.1'),
    /** Steps come as datagrams do: a test waits for as many as it caused. */
    async stepsTold(count: number): Promise<Step[]> {
      while (steps.length < count) await turn()
      return steps
    }
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function reply(relay: Socket): Promise<Packet> {
  const [bytes] = await once(relay, 'message')
  return decode(bytes)
}

function message(type: number, xid: number, ...options: (readonly [number, Uint8Array])[]): Uint8Array {
  return encode(
    packet({ xid, giaddr: LOOPBACK, hops: 1 }, [
      entry(OPTION.messageType, type),
      entry(OPTION.architectures, [7]),
      entry(OPTION.vendorClass, 'PXEClient:Arch:00007:UNDI:003010'),
      ...options,
      entry(OPTION.relayAgent, new Map([entry(RELAY_AGENT.sourcePort, true)]))
    ])
  )
}

const discover = (xid: number) => message(MESSAGE.DISCOVER, xid)
const request = (xid: number) =>
  message(MESSAGE.REQUEST, xid, entry(OPTION.serverId, LOOPBACK), entry(OPTION.requestedAddress, GRANT.address))

test('a DISCOVER is offered what the allocator grants, and the step tells both', async (t) => {
  const { send, relay, steps, server } = await network(t, {})
  send(discover(7))
  const offer = await reply(relay)
  t.like(offer, { xid: 7, yiaddr: GRANT.address, siaddr: LOOPBACK, file: 'ipxe.efi' })
  t.deepEqual(offer.options.get(53), Uint8Array.of(MESSAGE.OFFER))
  t.deepEqual([...offer.options].at(-1), [82, fromHex('1300')])
  t.deepEqual(steps, [
    {
      protocol: 'dhcp',
      mac: '52:54:00:00:00:0a',
      asked: 'DISCOVER from uefi-x64 (architecture 7) through relay agent 127.0.0.1',
      answered: 'OFFER 127.0.0.10 for 600 s, ipxe.efi from 127.0.0.1',
      level: 'info',
      outcome: 'offer'
    } as Step
  ])
  t.deepEqual(server.counters(), { offer: 1 })
  await server.close()
})

test('the allocator is told the client, and the address it asks for', async (t) => {
  const told: unknown[] = []
  const { send, relay, server } = await network(t, {
    request: (client, address) => {
      told.push(client.mac, client.link, client.server, client.firmware.name, address)
      return GRANT
    }
  })
  send(request(1))
  await reply(relay)
  t.deepEqual(told, ['52:54:00:00:00:0a', '127.0.0.1', '127.0.0.1', 'uefi-x64', GRANT.address])
  await server.close()
})

test('an ACK leaves only after the lease is durable', async (t) => {
  const order: string[] = []
  const { send, relay, server } = await network(t, {
    request: () => {
      order.push('granted')
      return GRANT
    },
    async commit(leases) {
      t.deepEqual(
        leases.map(({ grant }) => grant),
        [GRANT]
      )
      // Several turns: an ACK that did not wait would be there by now.
      for (let turns = 0; turns < 20; turns++) await turn()
      order.push('durable')
    }
  })
  relay.on('message', () => order.push('acknowledged'))
  send(request(3))
  const ack = await reply(relay)
  t.like(ack, { xid: 3, yiaddr: GRANT.address })
  t.deepEqual(ack.options.get(53), Uint8Array.of(MESSAGE.ACK))
  t.deepEqual(order, ['granted', 'durable', 'acknowledged'])
  await server.close()
})

test('REQUESTs that come while a commit runs share the next one', async (t) => {
  let granted = 0
  let release = () => {}
  const batches: number[] = []
  const { send, server, stepsTold } = await network(t, {
    request: () => {
      granted++
      return GRANT
    },
    commit: (leases) => {
      batches.push(leases.length)
      return new Promise((resolve) => {
        release = resolve
      })
    }
  })
  send(request(1))
  while (batches.length < 1) await turn()
  send(request(2))
  send(request(3))
  while (granted < 3) await turn()
  release()
  while (batches.length < 2) await turn()
  release()
  const steps = await stepsTold(3)
  t.deepEqual(batches, [1, 2])
  t.deepEqual(
    steps.map(({ outcome }) => outcome),
    ['ack', 'ack', 'ack']
  )
  await server.close()
})

test('a commit that fails sends no ACK: a warning says why, and the next REQUEST is served', async (t) => {
  const failures = [new Error('database or disk is full')]
  const { send, relay, server, stepsTold } = await network(t, {
    async commit() {
      const failure = failures.pop()
      if (failure) throw failure
    }
  })
  send(request(1))
  const [step] = await stepsTold(1)
  t.like(step, {
    level: 'warn',
    outcome: 'commit-failed',
    answered: 'nothing: the lease could not be made durable: database or disk is full'
  })
  send(request(2))
  t.is((await reply(relay)).xid, 2)
  await server.close()
})

for (const [what, allocator, bytes, expected] of [
  [
    'a DISCOVER from an unknown link',
    { offer: () => ({ refused: 'silence', reason: 'no subnet for 127.0.0.1' }) },
    discover(1),
    { outcome: 'silence', level: 'info', answered: 'nothing: no subnet for 127.0.0.1' }
  ],
  [
    'a DISCOVER that is refused: there is nothing to NAK yet',
    { offer: () => ({ refused: 'nak', reason: 'retired' }) },
    discover(1),
    { outcome: 'silence', level: 'info', answered: 'nothing: retired' }
  ],
  [
    'a REQUEST that is not to be answered',
    { request: () => ({ refused: 'silence', reason: 'no record of it' }) },
    request(1),
    { outcome: 'silence', level: 'info', answered: 'nothing: no record of it' }
  ],
  [
    'a REQUEST to another server',
    {},
    message(MESSAGE.REQUEST, 1, entry(OPTION.serverId, ip('127.0.0.2')), entry(OPTION.requestedAddress, GRANT.address)),
    { outcome: 'elsewhere', level: 'debug', asked: 'REQUEST to 127.0.0.2 through relay agent 127.0.0.1' }
  ],
  ['a RELEASE', {}, message(MESSAGE.RELEASE, 1), { outcome: 'unhandled', level: 'debug' }],
  ['a reply', {}, encode(packet({ op: 2 })), { outcome: 'unhandled', level: 'debug' }],
  ['an empty datagram', {}, new Uint8Array(0), { outcome: 'malformed', level: 'debug' }],
  [
    'noise',
    {},
    new Uint8Array(300).fill(7),
    {
      outcome: 'malformed',
      level: 'debug',
      answered: 'nothing: malformed (no-cookie): no magic cookie after the fixed fields'
    }
  ],
  [
    'a DISCOVER that the allocator fails at',
    {
      offer: () => {
        throw new Error('no such table: lease')
      }
    },
    discover(1),
    { outcome: 'error', level: 'warn', answered: 'nothing: no such table: lease' }
  ]
] as const satisfies readonly (readonly [string, Partial<Allocator>, Uint8Array, Partial<Step>])[]) {
  test(`${what} gets no answer, is reported, and the next DISCOVER is served`, async (t) => {
    let failing = true
    const { offer = GRANTING.offer, request = GRANTING.request } = allocator as Partial<Allocator>
    const { send, relay, server, stepsTold } = await network(t, {
      offer: (...args) => (failing ? offer(...args) : GRANT),
      request
    })
    send(bytes)
    const [step] = await stepsTold(1)
    t.like(step, expected)
    failing = false
    send(discover(99))
    t.is((await reply(relay)).xid, 99)
    t.deepEqual(server.counters(), { [expected.outcome]: 1, offer: 1 })
    await server.close()
  })
}

test('a NAK tells the client the reason', async (t) => {
  const { send, relay, server, stepsTold } = await network(t, {
    request: () => ({ refused: 'nak', reason: '127.0.0.10 is not on this link' })
  })
  send(request(5))
  const nak = await reply(relay)
  t.deepEqual(nak.options.get(53), Uint8Array.of(MESSAGE.NAK))
  t.is(Buffer.from(nak.options.get(56) ?? []).toString(), '127.0.0.10 is not on this link')
  t.like((await stepsTold(1))[0], { outcome: 'nak', level: 'info', answered: 'NAK: 127.0.0.10 is not on this link' })
  await server.close()
})

test('closing lets the ACKs under way leave', async (t) => {
  let release = () => {}
  let committing = false
  const { send, relay, server } = await network(t, {
    commit: () => {
      committing = true
      return new Promise((resolve) => {
        release = resolve
      })
    }
  })
  send(request(8))
  while (!committing) await turn()
  const acknowledged = reply(relay)
  const closed = server.close()
  release()
  t.is((await acknowledged).xid, 8)
  await closed
})

test('where one interface cannot be served, none is', async (t) => {
  const lo = { name: 'lo', address: LOOPBACK }
  const options = { port: 0, allocator: GRANTING, report() {} }
  const first = await start({ ...options, interfaces: [lo] })
  const port = first.endpoints[0]?.port ?? 0
  await first.close()
  await t.throwsAsync(start({ ...options, interfaces: [lo, lo], port }), { code: 'EADDRINUSE' })
  const again = await start({ ...options, interfaces: [lo], port })
  t.deepEqual(again.endpoints, [{ address: LOOPBACK, port }])
  await again.close()
})
