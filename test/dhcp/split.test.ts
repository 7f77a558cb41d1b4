import test from 'ava'
import type { Packet } from '../../src/dhcp/codec.ts'
import { bucketOf } from '../../src/dhcp/load-balance.ts'
import type { Cast } from '../../src/net/udp.ts'
import * as pair from './pair.ts'
import { ip } from './vectors.ts'

/** Which packets of the other instance's clients are answered here, and when. */

type Sent = readonly [after: number, packet: Packet, cast?: Cast]

const { OURS, OWN_CLIENT, THEIR_CLIENT, THEIRS, RELAY, bound, instance, override, partnerOf, relayed, requested } = pair
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const THIRD = ip('10.77.0.3')

const discover = (fields?: Partial<Packet>, client = THEIR_CLIENT) => pair.said('DISCOVER', client, [], fields)
const bootp = (fields?: Partial<Packet>) => pair.said(undefined, THEIR_CLIENT, [], fields)
const inform = (fields?: Partial<Packet>) => pair.said('INFORM', THEIR_CLIENT, [], { ...bound, ...fields })
const selecting = (server: typeof OURS, xid = 1) =>
  pair.said('REQUEST', THEIR_CLIENT, [requested, pair.serverId(server)], { xid })
const reboot = (xid = 1) => pair.said('REQUEST', THEIR_CLIENT, [requested], { xid })
const rebinding = (fields?: Partial<Packet>) => pair.said('REQUEST', THEIR_CLIENT, [], { ...bound, ...fields })
const overridden = (type: 'DISCOVER' | 'REQUEST', server?: typeof OURS) =>
  pair.said(type, THEIR_CLIENT, [requested, override, ...(server ? [pair.serverId(server)] : [])], relayed)
const other = (giaddr: string) => discover({ ...relayed, giaddr: ip(giaddr) })

const SEQUENCES: readonly (readonly [rule: string, sent: readonly Sent[], outcomes: readonly string[]])[] = [
  [
    "another's DISCOVER is answered at its second retransmission, and from then on",
    [
      [0, discover()],
      [4 * SECOND, discover()],
      [8 * SECOND, discover()],
      [16 * SECOND, discover()]
    ],
    ['partner', 'partner', 'stand-in', 'stand-in']
  ],
  [
    'so is one that a relay agent brings',
    [
      [0, discover(relayed)],
      [4 * SECOND, discover(relayed)],
      [8 * SECOND, discover(relayed)]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  [
    'two relay agents make no retransmission of one packet',
    [
      [0, other('10.88.0.2')],
      [2, other('10.88.0.3')],
      [4 * SECOND, other('10.88.0.3')],
      [2, other('10.88.0.2')],
      [8 * SECOND, other('10.88.0.2')],
      [2, other('10.88.0.3')]
    ],
    ['partner', 'partner', 'partner', 'partner', 'stand-in', 'stand-in']
  ],
  [
    'EDK2 changes its transaction from one to the next',
    [
      [0, discover({ xid: 1 })],
      [SECOND, discover({ xid: 2 })],
      [SECOND, discover({ xid: 3 })]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  [
    'however slowly a client asks, it is answered',
    [
      [0, discover({ xid: 1 })],
      [HOUR, discover({ xid: 2 })],
      [HOUR, discover({ xid: 3 })]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  [
    'that it takes the offer of the other instance ends the count',
    [
      [0, discover()],
      [4 * SECOND, discover()],
      [SECOND, selecting(THEIRS)],
      [SECOND, discover()],
      [4 * SECOND, discover()]
    ],
    ['partner', 'partner', 'elsewhere', 'partner', 'partner']
  ],
  [
    "so does a stranger's offer that it takes",
    [
      [0, discover()],
      [4 * SECOND, discover()],
      [SECOND, selecting(THIRD)],
      [SECOND, discover()]
    ],
    ['partner', 'partner', 'foreign-server', 'partner']
  ],
  [
    'the offer made in its stead is acknowledged, and then the count begins anew',
    [
      [0, discover()],
      [4 * SECOND, discover()],
      [8 * SECOND, discover()],
      [SECOND, selecting(OURS)],
      [SECOND, selecting(OURS)],
      [SECOND, discover()]
    ],
    ['partner', 'partner', 'stand-in', 'ack', 'ack', 'partner']
  ],
  [
    'that it would have its old address back meanwhile does not: nobody has answered it',
    [
      [0, discover()],
      [SECOND, reboot()],
      [SECOND, discover()],
      [SECOND, reboot()],
      [SECOND, discover()]
    ],
    ['partner', 'partner', 'partner', 'partner', 'stand-in']
  ],
  ['a DISCOVER by unicast nobody else has heard', [[0, discover(), 'unicast']], ['offer']],
  [
    'RFC 2131, 4.3.2: INIT-REBOOT is shared out like a DISCOVER',
    [
      [0, reboot()],
      [4 * SECOND, reboot()],
      [8 * SECOND, reboot()]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  [
    'a machine that reboots some minutes later retries nothing',
    [
      [0, reboot(1)],
      [6 * MINUTE, reboot(2)],
      [6 * MINUTE, reboot(3)],
      [6 * MINUTE, reboot(4)]
    ],
    ['partner', 'partner', 'partner', 'partner']
  ],
  [
    'RFC 2131, 4.4.5: REBINDING is, up to a minute from the end of the lease',
    [
      [0, rebinding()],
      [4 * MINUTE, rebinding()],
      [MINUTE, rebinding()]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  [
    'RFC 5107: so is RENEWING through a relay agent, which cannot be told from it',
    [
      [0, rebinding(relayed)],
      [MINUTE, rebinding(relayed)],
      [MINUTE, rebinding(relayed)]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  ['RENEWING is to this instance alone', [[0, rebinding(), 'unicast']], ['ack']],
  ['SELECTING names this instance', [[0, selecting(OURS)]], ['ack']],
  [
    'BOOTP is shared out',
    [
      [0, bootp({ xid: 1 })],
      [MINUTE, bootp({ xid: 2 })],
      [MINUTE, bootp({ xid: 3 })]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  [
    'INFORM is where it is a broadcast',
    [
      [0, inform()],
      [4 * SECOND, inform()],
      [4 * SECOND, inform()]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  ['INFORM by unicast is to this instance alone', [[0, inform(), 'unicast']], ['inform']],
  [
    'a RELEASE or DECLINE that names no server is told to both',
    [
      [0, pair.said('RELEASE', THEIR_CLIENT, [], bound), 'unicast'],
      [0, pair.said('DECLINE', THEIR_CLIENT, [requested])]
    ],
    ['release', 'decline']
  ],
  [
    'RFC 5107: a REQUEST to the relay agent is meant for the one whose offer it was',
    [
      [0, overridden('DISCOVER')],
      [SECOND, overridden('REQUEST', RELAY)],
      [4 * SECOND, overridden('REQUEST', RELAY)],
      [8 * SECOND, overridden('REQUEST', RELAY)]
    ],
    ['partner', 'partner', 'partner', 'stand-in']
  ],
  [
    'RFC 5107: the offer made in its stead is acknowledged',
    [
      [0, overridden('DISCOVER')],
      [4 * SECOND, overridden('DISCOVER')],
      [8 * SECOND, overridden('DISCOVER')],
      [SECOND, overridden('REQUEST', RELAY)],
      [SECOND, overridden('REQUEST', RELAY)],
      [SECOND, overridden('DISCOVER')]
    ],
    ['partner', 'partner', 'stand-in', 'stand-in', 'stand-in', 'partner']
  ],
  [
    'RFC 5107: one handshake after another in one transaction, as of iPXE, retries nothing',
    Array.from({ length: 8 }, (_, index) =>
      index % 2 === 0 ? [SECOND, overridden('DISCOVER')] : [SECOND, overridden('REQUEST', RELAY)]
    ),
    Array(8).fill('partner')
  ],
  ['RFC 5107: this instance by its own name is this instance', [[0, overridden('REQUEST', OURS)]], ['ack']]
]

for (const [rule, sent, outcomes] of SEQUENCES) {
  test(rule, async (t) => {
    const clock = { now: 10 * HOUR }
    const { hear } = await instance(t, { partner: partnerOf(), now: () => clock.now })
    const told = []
    for (const [after, asked, cast] of sent) {
      clock.now += after
      told.push((await hear(asked, cast)).outcome)
    }
    t.deepEqual(told, [...outcomes])
  })
}

const ALL: readonly (readonly [what: string, asked: Packet, alone: string])[] = [
  ['a DISCOVER', discover(), 'offer'],
  ['a relayed DISCOVER', discover(relayed), 'offer'],
  ['an INIT-REBOOT', reboot(), 'ack'],
  ['a REBINDING', rebinding(), 'ack'],
  ['BOOTP', bootp(), 'bootreply'],
  ['an INFORM', inform(), 'inform'],
  ['a REQUEST to the relay agent', overridden('REQUEST', RELAY), 'ack']
]
for (const [what, asked, outcome] of ALL) {
  test(`${what} of the other instance's client: silence, and at once an answer when that one is gone`, async (t) => {
    const partner = partnerOf()
    const { hear } = await instance(t, { partner })
    t.like(await hear(asked), {
      outcome: 'partner',
      level: 'debug',
      answered: 'nothing: the other instance answers it',
      reply: undefined
    })
    partner.gone = true
    t.like(await hear(asked), { outcome, level: 'info' })
    partner.gone = false
    t.like(await hear(asked), { outcome: 'partner' }, 'it is back')
  })

  test(`${what} is answered where no split is agreed, and where there is no other instance`, async (t) => {
    const alone = await instance(t, { partner: partnerOf({ isOwn: () => true }) })
    t.is((await alone.hear(asked)).outcome, outcome)
    const single = await instance(t, {})
    t.is((await single.hear(asked)).outcome, outcome)
  })
}

test('a client of its own is answered each time, and nothing tells of the other instance', async (t) => {
  const { hear, reasons } = await instance(t, { partner: partnerOf() })
  for (let count = 0; count < 4; count += 1) {
    const answered = 'OFFER 127.0.0.10 for 600 s, ipxe.efi from 127.0.0.1'
    t.like(await hear(discover({}, OWN_CLIENT)), { outcome: 'offer', answered })
  }
  t.deepEqual(reasons, ['it is a test'])
})

test("what is asked of the partner is the bucket of the client's hardware address, whatever option 61 says", async (t) => {
  const buckets: number[] = []
  const isOwn = (bucket: number) => buckets.push(bucket) > 0
  const { hear } = await instance(t, { partner: partnerOf({ isOwn }) })
  const clientId = [61, Uint8Array.of(255, 1, 2, 3)] as const
  await hear(pair.said('DISCOVER', THEIR_CLIENT, [clientId]))
  await hear(discover())
  t.deepEqual(buckets, Array(2).fill(bucketOf(discover().chaddr)))
})

test("an answer in the other instance's stead is counted as such, told in the log, and has its reason", async (t) => {
  const clock = { now: 0 }
  const { hear, server, reasons } = await instance(t, { partner: partnerOf(), now: () => clock.now })
  await hear(discover())
  clock.now += 4 * SECOND
  await hear(discover())
  clock.now += 8 * SECOND
  t.like(await hear(discover()), {
    outcome: 'stand-in',
    level: 'info',
    answered: "OFFER 127.0.0.10 for 600 s, ipxe.efi from 127.0.0.1, in the other instance's stead",
    kind: 'OFFER',
    serverId: OURS
  })
  t.deepEqual(reasons, ['it is a test', "it is the other instance's client, and went on asking"])
  t.deepEqual(server.counters(), { partner: 2, 'stand-in': 1 })
})

test("where this instance has no answer either, that is the allocator's silence", async (t) => {
  const clock = { now: 0 }
  const allocator = { offer: () => ({ refused: 'silence', reason: 'it is to be ignored' }) as const }
  const { hear } = await instance(t, { partner: partnerOf(), allocator, now: () => clock.now })
  const told = []
  for (let count = 0; count < 3; count += 1) {
    clock.now += 4 * SECOND
    told.push(await hear(discover()))
  }
  t.like(told[2], { outcome: 'silence', answered: 'nothing: it is to be ignored', reply: undefined })
})
