import test from 'ava'
import type { Allocator } from '../../src/dhcp/allocator.ts'
import { start } from '../../src/dhcp/authoritative.ts'
import { encode } from '../../src/dhcp/codec.ts'
import { entry, MESSAGE } from '../../src/dhcp/options.ts'
import { OPTION } from '../../src/net/options/table.ts'
import type { Step } from '../../src/net/step.ts'
import { discover, GRANT, GRANTING, LOOPBACK, loopback, relayed, reply, request } from './loopback.ts'
import { fromHex, ip, packet } from './vectors.ts'

const askedOf = ({ asked }: Step) => (typeof asked === 'string' ? asked : asked())

test('a DISCOVER is offered what the allocator grants; the step and the trace tell both', async (t) => {
  const { send, relay, steps, traced, server } = await loopback(t, {})
  const bytes = discover(7)
  send(bytes)
  const offer = await reply(relay)
  t.like(offer, { xid: 7, yiaddr: GRANT.address, siaddr: LOOPBACK, file: 'ipxe.efi' })
  t.deepEqual(offer.options.get(53), Uint8Array.of(MESSAGE.OFFER))
  t.deepEqual([...offer.options].at(-1), [82, fromHex('1300')])
  const answered = 'OFFER 127.0.0.10 for 600 s, ipxe.efi from 127.0.0.1'
  t.deepEqual(
    steps.map((step) => ({ ...step, asked: askedOf(step) })),
    [
      {
        protocol: 'dhcp',
        mac: '52:54:00:00:00:0a',
        address: undefined,
        asked: 'DISCOVER from uefi-x64 (architecture 7) through relay agent 127.0.0.1',
        answered,
        level: 'info',
        outcome: 'offer'
      } as Step
    ]
  )
  const port = relay.address().port
  t.like(traced[0], {
    mac: '52:54:00:00:00:0a',
    known: false,
    interface: 'lo',
    cast: 'unicast',
    from: { address: LOOPBACK, port },
    to: { address: LOOPBACK, port },
    server: server.endpoints[0],
    outcome: 'offer',
    answered,
    reasons: GRANT.reasons
  })
  t.deepEqual(Uint8Array.from(traced[0]?.request ?? []), bytes)
  t.deepEqual(server.counters(), { offer: 1 })
  await server.close()
})

test('the allocator is told the client, its state and the address that it asks for', async (t) => {
  const told: unknown[] = []
  const { send, relay, server } = await loopback(t, {
    request: (client, address, state) => {
      told.push(client.mac, client.link, client.relay, client.server, client.firmware.name, address, state)
      return GRANT
    }
  })
  send(request(1))
  await reply(relay)
  t.deepEqual(told, ['52:54:00:00:00:0a', ...Array(3).fill('127.0.0.1'), 'uefi-x64', GRANT.address, 'selecting'])
  await server.close()
})

test('a NAK tells the client the reason', async (t) => {
  const reason = '127.0.0.10 is not on this link'
  const { send, relay, server, stepsTold } = await loopback(t, { request: () => ({ refused: 'nak', reason }) })
  send(request(5))
  const nak = await reply(relay)
  t.deepEqual(nak.options.get(53), Uint8Array.of(MESSAGE.NAK))
  t.is(Buffer.from(nak.options.get(56) ?? []).toString(), reason)
  t.like((await stepsTold(1))[0], { outcome: 'nak', level: 'info', answered: `NAK: ${reason}` })
  await server.close()
})

test('a BOOTP client is answered without a word of DHCP', async (t) => {
  const { send, relay, server } = await loopback(t, {})
  const ownPort = [82, fromHex('1300')] as const
  send(encode(packet({ xid: 4, giaddr: LOOPBACK }, [ownPort])))
  const answer = await reply(relay)
  t.like(answer, { xid: 4, op: 2, yiaddr: GRANT.address, file: 'ipxe.efi' })
  t.deepEqual([...answer.options.keys()], [1, 66, 67, 82])
  await server.close()
})

const WITHOUT_ANSWER: [what: string, allocator: Partial<Allocator>, bytes: Uint8Array, step: Partial<Step>][] = [
  [
    'a DISCOVER from an unknown link',
    { offer: () => ({ refused: 'silence', reason: 'no subnet for 127.0.0.1' }) },
    discover(1),
    { outcome: 'silence', level: 'info', answered: 'nothing: no subnet for 127.0.0.1' }
  ],
  [
    'a DISCOVER while the pool is full',
    { offer: () => ({ refused: 'silence', reason: 'the pool is full', actOn: true }) },
    discover(1),
    { outcome: 'silence', level: 'warn', answered: 'nothing: the pool is full' }
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
  ['a REQUEST to another server', {}, request(1, ip('127.0.0.2')), { outcome: 'elsewhere', level: 'debug' }],
  [
    'a RELEASE',
    {},
    relayed('RELEASE', 1, [], { ciaddr: GRANT.address }),
    { outcome: 'release', level: 'info', answered: 'nothing: 127.0.0.10 is given back' }
  ],
  [
    'a RELEASE of what it does not hold',
    { release: () => ({ refused: 'silence', reason: 'it holds no lease' }) },
    relayed('RELEASE', 1, [], { ciaddr: GRANT.address }),
    { outcome: 'silence', level: 'info', answered: 'nothing: it holds no lease' }
  ],
  [
    'a DECLINE, which a person should act on,',
    {},
    relayed('DECLINE', 1, [entry(OPTION.requestedAddress, GRANT.address)]),
    { outcome: 'decline', level: 'warn', answered: 'nothing: 127.0.0.10 is in use' }
  ],
  ['an INFORM without an address', {}, relayed('INFORM', 1), { outcome: 'malformed', level: 'debug' }],
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
]
for (const [what, allocator, bytes, expected] of WITHOUT_ANSWER) {
  test(`${what} gets no answer, is reported and traced, and the next DISCOVER is served`, async (t) => {
    let failing = true
    const { offer = GRANTING.offer } = allocator
    const { send, relay, server, stepsTold, traced } = await loopback(t, {
      ...allocator,
      offer: (...args) => (failing ? offer(...args) : GRANT)
    })
    send(bytes)
    const [step] = await stepsTold(1)
    t.like(step, expected)
    t.like(traced[0], { outcome: expected.outcome, reply: undefined, to: undefined })
    failing = false
    send(discover(99))
    t.is((await reply(relay)).xid, 99)
    t.deepEqual(server.counters(), { [expected.outcome as string]: 1, offer: 1 })
    await server.close()
  })
}

test('where one interface cannot be served, none is', async (t) => {
  const lo = { name: 'lo', address: LOOPBACK }
  const options = { port: 0, allocator: GRANTING, report() {}, trace: { record() {} }, now: () => 0 }
  const first = await start({ ...options, interfaces: [lo] })
  const port = first.endpoints[0]?.port ?? 0
  await first.close()
  await t.throwsAsync(start({ ...options, interfaces: [lo, lo], port }), { code: 'EADDRINUSE' })
  const again = await start({ ...options, interfaces: [lo], port })
  t.deepEqual(again.endpoints, [{ address: LOOPBACK, port }])
  await again.close()
})
