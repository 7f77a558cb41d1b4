import test from 'ava'
import { openDatabase } from '../../src/inventory/database.ts'
import { eventChange } from '../../src/inventory/events.ts'
import { type Change, type Op, OpLog } from '../../src/inventory/oplog.ts'
import { apiTokenChange } from '../../src/inventory/tokens.ts'
import { FakeClock } from '../support/clock.ts'
import { dump } from '../support/inventory.ts'

const role = (key: string, field: string, value: unknown): Change => ({ entity: 'role', key, field, value })
const event = (message: string) => eventChange(1, { type: 'daemon', message })

function open(db = openDatabase(':memory:'), clock = new FakeClock()) {
  const log = new OpLog(db, 'a', clock.now)
  const ops = () => db.prepare('SELECT * FROM op ORDER BY seq').all() as Op[]
  const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number
  return { db, clock, log, ops, count }
}

test('every change is in the log, numbered and stamped, as it was applied', (t) => {
  const { log, ops, clock } = open()
  const made = log.commit([role('db', 'class', 'role::db'), role('db', 'note', null), event('hello')])
  t.deepEqual(ops(), made)
  t.deepEqual(
    made.map(({ origin, seq, entity, key, field, value }) => [origin, seq, entity, key, field, value]),
    [
      [log.origin, 1, 'role', 'db', 'class', '"role::db"'],
      [log.origin, 2, 'role', 'db', 'note', 'null'],
      [log.origin, 3, 'event', '', 'row', '{"type":"daemon","message":"hello","time":1}']
    ]
  )
  t.deepEqual(
    made.map(({ hlc }) => hlc),
    [0, 1, 2].map((counter) => `${clock.time}.00000${counter}`)
  )
})

test('base names the version that the writer saw', (t) => {
  const { log } = open()
  const [first] = log.commit([role('db', 'note', 'one'), role('db', 'class', 'x')])
  const [second] = log.commit([role('db', 'note', 'two')])
  t.is(first?.base, '')
  t.is(second?.base, `${first?.hlc}/${log.origin}`)
})

test('a deleted entity leaves a tombstone that says what was seen, and one made anew builds on that', (t) => {
  const { log, db } = open()
  const [first] = log.commit([role('db', 'note', 'one')])
  const [gone] = log.commit([role('db', 'deleted', true)])
  t.deepEqual(dump(db).field_version, [])
  t.deepEqual(JSON.parse(gone?.value ?? ''), { note: `${first?.hlc}/${log.origin}` })
  t.is(
    log.commit([role('db', 'note', 'new')])[0]?.base,
    [gone, first].map((op) => `${op?.hlc}/${log.origin}`).join(' ')
  )
  t.deepEqual(dump(db).document, [])
})

test('a restart goes on with the numbers, the origin and the clock, though that was set back', (t) => {
  const { log, db, clock } = open()
  const [before] = log.commit([event('before')])
  clock.advance(-3600)
  const again = open(db, clock)
  const [after] = again.log.commit([event('after')])
  t.is(again.log.origin, log.origin)
  t.like(after, { seq: 2 })
  t.true((after?.hlc ?? '') > (before?.hlc ?? ''))
})

test('each copy of an inventory has an origin of its own that names the instance', (t) => {
  const origins = [open(), open()].map(({ log }) => log.origin)
  t.not(origins[0], origins[1])
  for (const origin of origins) t.regex(origin, /^a-[0-9a-f]{6}$/)
})

test('a change that fails takes the others of its commit along, and its numbers are given again', (t) => {
  const { log, db } = open()
  log.commit([event('first')])
  const before = dump(db)
  t.throws(() => log.commit([event('second'), role('db', 'nonsense', 1)]), { message: /no field nonsense in role/ })
  t.throws(() => log.commit([event('second'), { entity: 'nonsense', key: '', field: 'x', value: 1 }]))
  t.deepEqual(dump(db), before)
  t.like(log.commit([event('second')])[0], { seq: 2 })
})

test('a COMMIT that fails leaves nothing either, and its numbers are given again', (t) => {
  const { log, db } = open()
  const orphan = "INSERT INTO interface (mac, machine, position) VALUES ('x', 'nobody', 0)"
  db.exec(`CREATE TRIGGER break AFTER INSERT ON event BEGIN ${orphan}; END`)
  t.throws(() => log.commit([event('lost')]), { message: /FOREIGN KEY/ })
  db.exec('DROP TRIGGER break')
  t.like(log.commit([event('kept')])[0], { seq: 1 })
})

test('a single instance keeps a bounded tail of the log and of the events, and numbers on after it', (t) => {
  const { log, db, clock, ops, count } = open()
  const thousand = Array.from({ length: 1000 }, (_, index) => event(String(index)))
  for (let round = 0; round < 62; round += 1) log.commit(thousand)
  t.is(count('op'), 10_000)
  t.is(count('event'), 50_000)
  t.is(ops().at(-1)?.seq, 62_000)
  t.like(open(db, clock).log.commit([event('next')])[0], { seq: 62_001 })
})

test('tokens that come and go leave nothing behind', (t) => {
  const { log, db } = open()
  for (let round = 0; round < 5; round += 1) {
    const made = apiTokenChange('x', `secret-${round}`, 0)
    log.commit([made])
    log.commit([{ ...made, field: 'deleted', value: true }])
  }
  t.deepEqual(dump(db).token, [])
  t.deepEqual(dump(db).field_version, [])
})

test('what this version does not understand is kept, and applied by the one that does', (t) => {
  const { log, db, clock, count } = open()
  const op = { origin: 'b-1', seq: 1, hlc: '1', entity: 'role', key: 'db', value: '"x"', base: '', actor: '' }
  log.receive([
    { ...op, field: 'colour' },
    { ...op, seq: 2, entity: 'planet', field: 'row' }
  ])
  t.is(count('unknown_op'), 2)
  t.is(log.seen()['b-1'], 2)
  const known = JSON.stringify({ ...op, field: 'note' })
  db.prepare('UPDATE unknown_op SET op = ? WHERE seq = 1').run(known)
  open(db, clock)
  t.is(count('unknown_op'), 1)
  t.like(dump(db).role, [{ name: 'db', note: 'x' }])
})

test('an op that comes before one that it follows is refused, with all of its batch; one that came before changes nothing', (t) => {
  const { log, count } = open()
  const op = (seq: number) => ({
    origin: 'b-1',
    seq,
    hlc: String(seq),
    entity: 'role',
    key: 'db',
    field: 'note',
    value: '"x"',
    base: '',
    actor: ''
  })
  t.throws(() => log.receive([op(1), op(3)]), { name: 'GapError' })
  t.is(count('role'), 0)
  t.is(log.receive([op(1), op(2)]).length, 2)
  t.is(log.receive([op(1), op(2)]).length, 0)
})

test('who begins anew knows nothing of what it knew before: a peer lacks none of it', (t) => {
  const log = new OpLog(openDatabase(':memory:'), 'b', new FakeClock().now)
  log.commit([role('web', 'note', 'x')])
  log.renew('b')
  t.deepEqual(log.seen(), {})
})

test('what a peer lacks is kept for it, up to a limit', (t) => {
  const db = openDatabase(':memory:')
  const log = new OpLog(db, 'a', new FakeClock().now, { tail: 5, most: 10, step: 4 })
  log.peer.acknowledge(3, log.origin)
  for (let each = 0; each < 12; each += 1) log.commit([event(`${each}`)])
  t.is(log.since(3, 100)?.length, 9)
  for (let each = 0; each < 12; each += 1) log.commit([event(`${each}`)])
  t.is(log.since(3, 100), undefined)
  t.is(log.since(14, 100)?.length, 10)
})
