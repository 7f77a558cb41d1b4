import test from 'ava'
import fc from 'fast-check'
import type { Packet } from '../../src/dhcp/codec.ts'
import { bucketOf } from '../../src/dhcp/load-balance.ts'
import { instance, OURS, relayed, requested, said, serverId, THEIRS } from './pair.ts'

/**
 * Two instances with complementary splits, and clients that ask as firmware does, whatever fails meanwhile. On failure
 * fast-check tells the seed and the shortest history that fails.
 */

type Which = 0 | 1
const SERVERS = [OURS, THEIRS] as const

/** A client asks for an address. */
type Ask = {
  readonly who: number
  /** Milliseconds since whatever was before. */
  readonly after: number
  readonly isRelayed: boolean
  /** It takes the first offer, as the case may be when its server is dead and that is known, or not known. */
  readonly fate: 'leaves' | 'takes' | 'takes of one that is known to be dead' | 'takes of one that is dead'
}
type Event =
  | Ask
  /** One hears and says nothing any more. */
  | { readonly dies: Which }
  /** The other one has noticed. */
  | { readonly noticed: true }
  | { readonly returns: true }

const asking = (...fates: Ask['fate'][]): fc.Arbitrary<Ask> =>
  fc.record({
    // Two of each instance's.
    who: fc.constantFrom(1, 2, 3, 4),
    // From iPXE's shortest pause to RFC 2131's longest, and any longer one.
    after: fc.oneof(fc.integer({ min: 1000, max: 65_000 }), fc.integer({ min: 65_000, max: 10_000_000 })),
    isRelayed: fc.boolean(),
    fate: fc.constantFrom(...fates)
  })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 16,
    arbitrary: asking('leaves', 'takes', 'takes of one that is known to be dead', 'takes of one that is dead')
  },
  { weight: 1, arbitrary: fc.record({ dies: fc.constantFrom<Which[]>(0, 1) }) },
  { weight: 1, arbitrary: fc.constant<Event>({ noticed: true }) },
  { weight: 1, arbitrary: fc.constant<Event>({ returns: true }) }
)

async function openPair() {
  const closing: (() => unknown)[] = []
  const world = { now: 0, xid: 0, dead: undefined as Which | undefined, isNoticed: false }
  const servers = [await open(0), await open(1)] as const
  return { world, discover, take, close: () => Promise.all(closing.map((close) => close())) }

  function open(which: Which) {
    const partner = {
      servers: [SERVERS[which === 0 ? 1 : 0]],
      isGone: () => world.isNoticed && world.dead !== undefined && world.dead !== which,
      isOwn: (bucket: number) => bucket % 2 === which
    }
    const teardown = (close: () => unknown) => closing.push(close)
    return instance({ teardown }, { address: SERVERS[which], partner, now: () => world.now })
  }

  function discover({ who, after, isRelayed }: Ask) {
    world.now += after
    // As EDK2: another transaction each time.
    world.xid += 1
    return told(said('DISCOVER', who, [], { xid: world.xid, ...(isRelayed ? relayed : {}) }))
  }

  function take({ who, isRelayed }: Ask, which: Which) {
    const chosen = [requested, serverId(SERVERS[which])]
    return told(said('REQUEST', who, chosen, { xid: world.xid, ...(isRelayed ? relayed : {}) }))
  }

  async function told(packet: Packet) {
    const answers = []
    for (const which of [0, 1] as const) {
      if (world.dead === which) continue
      const { kind, serverId, outcome } = await servers[which].hear(packet)
      if (kind !== undefined) answers.push({ which, kind, serverId, outcome })
    }
    return answers
  }
}

type Pair = Awaited<ReturnType<typeof openPair>>

async function inPair(check: (pair: Pair) => Promise<void>): Promise<void> {
  const pair = await openPair()
  try {
    await check(pair)
  } finally {
    await pair.close()
  }
}

const responsibleFor = (who: number) => (bucketOf(said('DISCOVER', who).chaddr) % 2) as Which
const offerOf = (which: Which) => ({ which, kind: 'OFFER', serverId: SERVERS[which], outcome: 'offer' })
/** In the name of the server that was chosen. */
const ackOf = (which: Which, chosen = which) => ({ which, kind: 'ACK', serverId: SERVERS[chosen], outcome: 'ack' })

test('while both are there, exactly one answers a DISCOVER, and its REQUEST', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(asking('leaves', 'takes'), { maxLength: 60, size: 'max' }), (all) =>
      inPair(async (pair) => {
        const left = new Set<number>()
        for (const each of all) {
          const which = responsibleFor(each.who)
          t.deepEqual(await pair.discover(each), [offerOf(which)])
          // One that leaves three offers in a row can't be told from one that gets none.
          if (each.fate === 'leaves' && !left.has(each.who)) {
            left.add(each.who)
            continue
          }
          left.delete(each.who)
          t.deepEqual(await pair.take(each, which), [ackOf(which)])
        }
      })
    ),
    { numRuns: 60 }
  )
})

test('whatever fails, a third DISCOVER is answered, the first one if the failure is known, and handshakes go on', async (t) => {
  const reached = { early: 0, late: 0, twice: 0, handedOver: 0, lost: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 120, size: 'max' }), (history) =>
      inPair(async (pair) => {
        const { world } = pair
        const waiting = new Map<number, number>()
        for (const each of history) {
          if ('dies' in each && world.dead === undefined) Object.assign(world, { dead: each.dies, isNoticed: false })
          if ('noticed' in each) world.isNoticed = world.dead !== undefined
          if ('returns' in each) Object.assign(world, { dead: undefined, isNoticed: false })
          if (!('who' in each)) continue

          const whom = responsibleFor(each.who)
          const other = whom === 0 ? 1 : 0
          const [first, second] = await pair.discover(each)
          const waited = first === undefined ? (waiting.get(each.who) ?? 0) + 1 : 0
          waiting.set(each.who, waited)
          t.true(waited < 3, 'nobody answers three in a row')
          const byOther = first?.which === other ? first : second
          if (world.dead !== whom) t.deepEqual(first?.which === whom ? first : second, offerOf(whom))
          else if (world.isNoticed) t.deepEqual(byOther, offerOf(other))
          if (byOther && !(world.isNoticed && world.dead === whom)) t.is(byOther.outcome, 'stand-in')
          if (world.dead === whom && byOther) reached[world.isNoticed ? 'early' : 'late'] += 1
          if (second !== undefined) reached.twice += 1

          if (first === undefined || each.fate === 'leaves') continue
          const chosen = first.which
          const isKnown = each.fate === 'takes of one that is known to be dead'
          if (each.fate === 'takes' || world.dead !== undefined) {
            t.deepEqual(await pair.take(each, chosen), [ackOf(chosen)])
            continue
          }
          Object.assign(world, { dead: chosen, isNoticed: isKnown })
          const survivor = chosen === 0 ? 1 : 0
          t.deepEqual(await pair.take(each, chosen), isKnown ? [ackOf(survivor, chosen)] : [])
          reached[isKnown ? 'handedOver' : 'lost'] += 1
        }
      })
    ),
    { numRuns: 120 }
  )
  t.true(
    Object.values(reached).every((count) => count > 10),
    JSON.stringify(reached)
  )
})
