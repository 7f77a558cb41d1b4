import test, { type ExecutionContext } from 'ava'
import type { Packet } from '../../src/dhcp/codec.ts'
import { entry } from '../../src/dhcp/options.ts'
import { start } from '../../src/dhcp/proxy.ts'
import { OPTION } from '../../src/net/options/table.ts'
import type { Step } from '../../src/net/step.ts'
import type { Cast } from '../../src/net/udp.ts'
import { LOOPBACK, turn } from './loopback.ts'
import * as pair from './pair.ts'
import { ip } from './vectors.ts'

/** Two instances beside another server that gives the addresses: which of the two says what to boot. */

const { LEASED, OWN_CLIENT, THEIR_CLIENT, THEIRS, partnerOf, requested, said, serverId } = pair
const SECOND = 1000
const MINUTE = 60 * SECOND
const PORT = { dhcp: 67, boot: 4011 } as const
const ADDRESS_SERVER = ip('10.77.0.9')

const firmware = (architecture: number) => [
  entry(OPTION.architectures, [architecture]),
  entry(OPTION.vendorClass, `PXEClient:Arch:0000${architecture}:UNDI:003000`)
]
const IPXE = [...firmware(7), entry(OPTION.userClass, ['iPXE'])]
const discover = (options = firmware(7), fields: Partial<Packet> = {}) =>
  said('DISCOVER', THEIR_CLIENT, options, fields)
const taking = said('REQUEST', THEIR_CLIENT, [...firmware(7), requested, serverId(ADDRESS_SERVER)])
const bootRequest = (client = THEIR_CLIENT, ...more: [number, Uint8Array][]) =>
  said('REQUEST', client, [...firmware(7), ...more], pair.bound)

async function beside(t: ExecutionContext, partner = partnerOf()) {
  const link = pair.madeUpLink(pair.OURS)
  const clock = { now: 10 * MINUTE }
  const steps: Step[] = []
  const server = await start({
    interfaces: [link.at],
    port: PORT.dhcp,
    open: link.open,
    adviser: {
      isRegistered: () => false,
      advise: () => ({
        boot: { kind: 'tftp', server: LOOPBACK, file: 'ipxe.efi' },
        options: new Map(),
        reasons: ['it is a test']
      }),
      commit: async () => new Map()
    },
    partner,
    report: (step) => steps.push(step),
    trace: { record() {} },
    now: () => clock.now
  })
  t.teardown(() => server.close())
  return {
    partner,
    clock,
    /** @returns the outcome, and whether anything was answered. */
    async hear(asked: Packet, to: keyof typeof PORT = 'dhcp', cast: Cast = 'broadcast') {
      const told = steps.length
      link.receive(asked, cast, { port: PORT[to], from: { address: LEASED, port: PORT[to] } })
      while (steps.length === told) await turn()
      const [reply] = link.sent.splice(0)
      return { outcome: steps.at(-1)?.outcome, isAnswered: reply !== undefined }
    }
  }
}

type Sent = readonly [after: number, packet: Packet, to?: keyof typeof PORT]
const SEQUENCES: readonly (readonly [rule: string, sent: readonly Sent[], outcomes: readonly string[]])[] = [
  [
    "another's DISCOVER is answered at its second retransmission",
    [
      [0, discover()],
      [4 * SECOND, discover()],
      [8 * SECOND, discover()]
    ],
    ['partner', 'partner', 'stand-in']
  ],
  [
    'that it takes an address tells nothing: the address server offers that whoever else is silent',
    [
      [0, discover()],
      [2 * SECOND, taking],
      [5 * MINUTE, discover()],
      [2 * SECOND, taking],
      [5 * MINUTE, discover()]
    ],
    ['partner', 'sighting', 'partner', 'sighting', 'stand-in']
  ],
  [
    'a machine whose loader asks was told what to boot',
    Array.from({ length: 3 }, () => [
      [5 * MINUTE, discover()] as const,
      [2 * SECOND, taking] as const,
      [4 * SECOND, discover(IPXE)] as const
    ]).flat(),
    Array.from({ length: 3 }, () => ['partner', 'sighting', 'partner']).flat()
  ],
  [
    'one that boots every day retries nothing, though iPXE takes the same transaction each time',
    Array.from({ length: 4 }, () => [24 * 60 * MINUTE, discover(IPXE)] as const),
    Array(4).fill('partner')
  ],
  [
    'operating systems have nothing to ask here, and are not counted',
    [
      [0, discover([])],
      [SECOND, discover([])],
      [SECOND, discover([])],
      [SECOND, discover()]
    ],
    ['unhandled', 'unhandled', 'unhandled', 'partner']
  ],
  [
    'PXE 2.1: a boot server that is looked for by broadcast is one of the two',
    [
      [0, bootRequest(), 'boot'],
      [SECOND, bootRequest(), 'boot'],
      [SECOND, bootRequest(), 'boot']
    ],
    ['partner', 'partner', 'stand-in']
  ]
]
for (const [rule, sent, outcomes] of SEQUENCES) {
  test(rule, async (t) => {
    const { hear, clock } = await beside(t)
    const told = []
    for (const [after, asked, to] of sent) {
      clock.now += after
      told.push((await hear(asked, to)).outcome)
    }
    t.deepEqual(told, [...outcomes])
  })
}

for (const [what, asked, to, outcome] of [
  ['a DISCOVER', discover(), 'dhcp', 'proxy-offer'],
  ['a relayed DISCOVER', discover(firmware(7), pair.relayed), 'dhcp', 'proxy-offer'],
  ['a broadcast to the boot server', bootRequest(), 'boot', 'boot-server']
] as const) {
  test(`${what} of the other instance's client: silence, and an answer when that one is gone or no split is agreed`, async (t) => {
    const { hear, partner } = await beside(t)
    t.deepEqual(await hear(asked, to), { outcome: 'partner', isAnswered: false })
    partner.gone = true
    t.deepEqual(await hear(asked, to), { outcome, isAnswered: true })
    const alone = await beside(t, partnerOf({ isOwn: () => true }))
    t.deepEqual(await alone.hear(asked, to), { outcome, isAnswered: true })
  })
}

test('both take in where a client is', async (t) => {
  const { hear } = await beside(t)
  t.deepEqual(await hear(taking), { outcome: 'sighting', isAnswered: false })
})

for (const client of [OWN_CLIENT, THEIR_CLIENT]) {
  test(`the boot server answers whoever asks this instance, ${client} too`, async (t) => {
    const { hear } = await beside(t)
    for (let count = 0; count < 2; count += 1) {
      t.deepEqual(await hear(bootRequest(client), 'boot', 'unicast'), { outcome: 'boot-server', isAnswered: true })
    }
  })
}

test('a boot server request that names the other instance is answered when that one is gone', async (t) => {
  const { hear, partner } = await beside(t)
  const asked = bootRequest(THEIR_CLIENT, serverId(THEIRS))
  t.deepEqual(await hear(asked, 'boot', 'unicast'), { outcome: 'unhandled', isAnswered: false })
  partner.gone = true
  t.deepEqual(await hear(asked, 'boot', 'unicast'), { outcome: 'boot-server', isAnswered: true })
})
