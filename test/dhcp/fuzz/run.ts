import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ExecutionContext } from 'ava'
import { BOOTREQUEST } from '../../../src/dhcp/codec.ts'
import { GOLDEN } from '../golden.ts'
import { turn } from '../loopback.ts'
import { fromAnother, type Surroundings, sequel } from './mutate.ts'
import { Random } from './random.ts'
import { FuzzedServer } from './server.ts'
import { MOST_LEASES } from './site.ts'
import type { Subject } from './subjects.ts'

/** A failure tells both: with them it comes again. */
const { TANDEM_FUZZ_SEED: SEED = 1, TANDEM_FUZZ_COUNT: COUNT } = process.env

/** What real clients and servers sent. */
const ORIGINALS = [...GOLDEN.values()].flat().map(({ payload }) => payload)
const BY_CLIENTS = ORIGINALS.filter(([op]) => op === BOOTREQUEST)
/** Packets in one turn of the event loop. */
const MOST_AT_ONCE = 64
/** Bytes of the heap, from the first quarter to the end. */
const MOST_GROWTH = 2 << 20
/** Rows: what the inventory keeps, and what comes before it is trimmed the next time. */
const MOST_ROWS = { event: 52_000, op: 12_000, lease: MOST_LEASES }
/** A whole run takes a minute or so. */
const PATIENCE_MS = 900_000

/** Makes another packet of one. */
export type Mutate = (
  original: Uint8Array,
  others: readonly Uint8Array[],
  random: Random,
  near: Surroundings
) => Uint8Array

/** Puts packets to a server: none may break it, no reply may be wrong, nothing may grow. */
export async function fuzz(t: ExecutionContext, subject: Subject, mutate: Mutate, packets: number): Promise<void> {
  t.timeout(PATIENCE_MS)
  const random = new Random(Number(SEED))
  const wanted = Number(COUNT ?? packets)
  const server = await FuzzedServer.open(t, subject, random)
  let count = 0
  const putUntil = async (least: number) => {
    while (count < least && server.fault === undefined) {
      for (let left = 1 + random.below(MOST_AT_ONCE); left > 0; left -= 1) {
        const { surroundings } = server
        server.receive(mutate(originalOf(random, surroundings), ORIGINALS, random, surroundings))
        count += 1
      }
      await server.turn()
    }
  }
  await putUntil(wanted / 4)
  const heap = await heapUsed()
  await putUntil(wanted)
  const growth = (await heapUsed()) - heap
  await server.close()
  t.is(server.fault, undefined, `TANDEM_FUZZ_SEED=${SEED} TANDEM_FUZZ_COUNT=${count}`)
  t.deepEqual([...server.outcomes].sort(), subject.outcomes.toSorted())
  t.true(growth < MOST_GROWTH, `the heap has grown by ${growth} bytes`)
  for (const [table, most] of Object.entries(MOST_ROWS)) {
    const rows = server.site.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number
    t.true(rows <= most, `${rows} rows of ${table}`)
  }
}

/** Mostly a client's, often of one that was never seen; half of them go on where the server has answered. */
function originalOf(random: Random, { offers }: Surroundings): Uint8Array {
  const original = random.pick(random.once(20) ? ORIGINALS : BY_CLIENTS)
  if (offers.length > 0 && random.once(2)) return sequel(original, random.pick(offers), random)
  return random.once(2) ? original : fromAnother(original, random)
}

/** Bytes in use, once all else has been thrown away: what arrays held is given back a moment later. */
async function heapUsed(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let times = 0; times < 3; times += 1) {
    collect()
    await turn()
  }
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}
