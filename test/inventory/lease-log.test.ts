import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { type Db, openDatabase } from '../../src/inventory/database.ts'
import type { Lease } from '../../src/inventory/lease.ts'
import { adaptiveLeaseLog, directLeaseLog, type LeaseLog, threadedLeaseLog } from '../../src/inventory/lease-log.ts'
import { Leases } from '../../src/inventory/leases.ts'
import { FakeClock } from '../support/clock.ts'
import { allLeases } from '../support/leases.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { ip, mac } from '../support/values.ts'

const lease = (last: number): Lease => ({
  address: ip(`10.77.0.${last}`),
  mac: mac(last),
  clientId: '01ff',
  hostName: null,
  state: 'bound',
  stage: 'os',
  loader: null,
  startedAt: 1000,
  grantedAt: 1000,
  expiresAt: 2000,
  owner: 'a',
  version: 1,
  change: 0,
  knownUntil: 0
})

/** An inventory's file, a log that writes to it, and what another process would find in it. */
function open(t: ExecutionContext, make: (path: string, db: Db) => LeaseLog) {
  const path = join(tempFolder(t), 'tandem.sqlite')
  const db = openDatabase(path)
  const log = make(path, db)
  t.teardown(async () => {
    await log.close()
    db.close()
  })
  return { db, log, stored: () => storedIn(path) }
}

function storedIn(path: string): unknown[] {
  const db = new Database(path, { readonly: true })
  const addresses = db.prepare('SELECT address FROM lease ORDER BY address').pluck().all()
  db.close()
  return addresses
}

for (const [what, make] of [
  ['a thread of its own', (path: string) => threadedLeaseLog(path)],
  ["the caller's connection", (_: string, db: Db) => directLeaseLog(db)],
  ['one or the other', (path: string, db: Db) => adaptiveLeaseLog(directLeaseLog(db), threadedLeaseLog(path))]
] as const) {
  test(`${what}: leases are on disk when it resolves, and are read as they were written`, async (t) => {
    const { db, log, stored } = open(t, make)
    await log.append([lease(1), { ...lease(2), hostName: 'box', loader: 'ipxe.efi', state: 'declined' }])
    t.deepEqual(stored(), ['10.77.0.1', '10.77.0.2'])
    const again = new Leases(db, 'a', () => 1500)
    t.deepEqual(allLeases(again), [lease(1), { ...lease(2), hostName: 'box', loader: 'ipxe.efi', state: 'declined' }])
  })

  test(`${what}: all leases of an append are written or none, and the error is told; the next is a new start`, async (t) => {
    const { db, log, stored } = open(t, make)
    db.exec(
      "CREATE TRIGGER full BEFORE INSERT ON lease WHEN NEW.address = '10.77.0.2' BEGIN SELECT raise(ABORT, 'full'); END"
    )
    const appends = [[lease(1)], [lease(3), lease(2)], [lease(4)]].map((leases) => log.append(leases))
    t.deepEqual(
      (await Promise.allSettled(appends)).map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled']
    )
    await t.throwsAsync(log.append([lease(2)]), { message: 'full' })
    t.deepEqual(stored(), ['10.77.0.1', '10.77.0.4'])
  })
}

test('a thread writes what it is sent, in order', async (t) => {
  const { db, log } = open(t, threadedLeaseLog)
  const appends = Array.from({ length: 50 }, (_, index) => log.append([{ ...lease(1), version: index }]))
  await Promise.all(appends)
  t.deepEqual(db.prepare('SELECT version FROM lease').pluck().all(), [49])
})

test('a thread waits while another connection writes; this one goes on meanwhile', async (t) => {
  const { db, log, stored } = open(t, threadedLeaseLog)
  await log.append([lease(1)])
  db.exec('BEGIN IMMEDIATE')
  const appended = log.append([lease(2)])
  const turns = new Promise((resolve) => setTimeout(resolve, 50, 'waits'))
  t.is(await Promise.race([appended, turns]), 'waits')
  db.exec('COMMIT')
  await appended
  t.deepEqual(stored(), ['10.77.0.1', '10.77.0.2'])
})

test('a thread that dies tells those who wait for it why, and is replaced with the next append', async (t) => {
  const path = join(tempFolder(t), 'tandem.sqlite')
  const log = threadedLeaseLog(path)
  const appends = [log.append([lease(1)]), log.append([lease(2)])]
  const failed = { status: 'rejected', reason: new Error('no such table: lease') }
  t.like(await Promise.allSettled(appends), [failed, failed])
  openDatabase(path).close()
  await log.append([lease(3)])
  t.deepEqual(storedIn(path), ['10.77.0.3'])
  await log.close()
})

test('closing ends the thread: what waits for it is told so', async (t) => {
  const { db, log } = open(t, threadedLeaseLog)
  await log.append([lease(1)])
  db.exec('BEGIN IMMEDIATE')
  const appended = log.append([lease(2)])
  const closed = log.close()
  db.exec('COMMIT')
  const [outcome] = await Promise.allSettled([appended])
  await closed
  // The thread may have got to write it before it ended; then it says so.
  if (outcome?.status === 'rejected') t.is(outcome.reason.message, 'the thread that writes leases has ended')
  else t.is(outcome?.status, 'fulfilled')
})

test('leases are in memory when they are on disk, not before', async (t) => {
  const { db, log, stored } = open(t, threadedLeaseLog)
  const clock = new FakeClock()
  const leases = new Leases(db, 'a', clock.now, log)
  db.exec('BEGIN IMMEDIATE')
  const granted = leases.grant([{ address: ip('10.77.0.9'), mac: mac(9), seconds: 600 }])
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.is(leases.active(ip('10.77.0.9')), undefined)
  db.exec('COMMIT')
  await granted
  t.is(leases.active(ip('10.77.0.9'))?.mac, mac(9))
  t.deepEqual(stored(), ['10.77.0.9'])
})

/** Logs that say what they were given, and take as long as the test says. */
function chosen() {
  const appends: string[] = []
  let took = 0.2
  let held: Promise<unknown> = Promise.resolve()
  const named = (name: string): LeaseLog => ({
    async append(leases) {
      appends.push(`${name} ${leases.length}`)
      await held
      return took
    },
    close: async () => {}
  })
  const log = adaptiveLeaseLog(named('direct'), named('thread'))
  const append = (count: number, milliseconds = 0.2) => {
    took = milliseconds
    return log.append(Array.from({ length: count }, (_, index) => lease(index)))
  }
  const hold = (until: Promise<unknown>) => {
    held = until
  }
  return { append, appends, hold }
}

test('few leases go without a detour as soon as the disk was seen to be quick, many by the thread', async (t) => {
  const { append, appends } = chosen()
  for (const count of [1, 1, 8, 9, 1]) await append(count)
  t.deepEqual(appends, ['thread 1', 'direct 1', 'direct 8', 'thread 9', 'direct 1'])
})

test('once the disk is slow the thread waits for it, until it is quick again', async (t) => {
  const { append, appends } = chosen()
  for (const milliseconds of [0.2, 30, 5, 0.3, 0.3]) await append(1, milliseconds)
  t.deepEqual(appends, ['thread 1', 'direct 1', 'thread 1', 'thread 1', 'direct 1'])
})

test('what comes while the thread writes follows it', async (t) => {
  const { append, appends, hold } = chosen()
  await append(1)
  let written = () => {}
  hold(
    new Promise<void>((resolve) => {
      written = resolve
    })
  )
  const both = Promise.all([append(20), append(1)])
  written()
  await both
  await append(1)
  t.deepEqual(appends, ['thread 1', 'thread 20', 'thread 1', 'direct 1'])
})
