import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { openDatabase } from '../../src/inventory/database.ts'
import { isDispute, unseenByDeletion } from '../../src/inventory/merge.ts'
import { type Op, OpLog } from '../../src/inventory/oplog.ts'
import { FakeClock } from '../support/clock.ts'
import { dump } from '../support/inventory.ts'

/** An instance with what it wrote and its peer doesn't have yet. */
class Side {
  readonly db = openDatabase(':memory:')
  readonly clock = new FakeClock()
  readonly log: OpLog
  readonly unsent: Op[] = []

  constructor(name: string, skewSeconds: number) {
    this.clock.advance(skewSeconds)
    this.log = new OpLog(this.db, name, this.clock.now)
  }

  write(key: string, field: string, value: unknown, settles = false): Op {
    this.clock.advance(1)
    const [op] = this.log.commit([{ entity: 'role', key, field, value, settles }], 'tester')
    this.unsent.push(op as Op)
    return op as Op
  }

  send(to: Side, most = this.unsent.length): void {
    to.log.receive(this.unsent.splice(0, most))
  }

  value(key: string, field: string): unknown {
    return this.db.prepare(`SELECT ${field} FROM role WHERE name = ?`).pluck().get(key)
  }

  disputes(): { key: string; field: string; values: unknown[] }[] {
    return this.log.fields.documents().flatMap(({ key, document }) => {
      const unseen = unseenByDeletion(document)
      const fields = Object.entries(document)
        .sort()
        .filter(([field, candidates]) => isDispute('role', field, candidates))
        .map(([field, candidates]) => ({ key, field, values: candidates.map(({ value }) => JSON.parse(value)) }))
      return unseen ? [...fields, { key, field: 'deleted', values: [JSON.parse(unseen.value)] }] : fields
    })
  }

  /** What both must have alike. */
  state(): unknown {
    const { role, field_version, document } = dump(this.db)
    return {
      role,
      field_version,
      document: (document as { fields: string }[]).map((row) => ({ ...row, fields: JSON.parse(row.fields) }))
    }
  }
}

function sides(skew = 0): [Side, Side] {
  return [new Side('a', 0), new Side('b', skew)]
}

function heal(a: Side, b: Side): void {
  a.send(b)
  b.send(a)
}

test('the later of two writes that know of each other counts, and nobody is asked', (t) => {
  const [a, b] = sides()
  a.write('db', 'note', 'one')
  heal(a, b)
  b.write('db', 'note', 'two')
  heal(a, b)
  t.deepEqual([a.value('db', 'note'), a.disputes(), b.disputes()], ['two', [], []])
  t.deepEqual(a.state(), b.state())
})

test('a clock that is an hour behind writes later all the same, once it has seen what it builds on', (t) => {
  const [a, b] = sides(-3600)
  a.write('db', 'note', 'one')
  heal(a, b)
  b.write('db', 'note', 'two')
  heal(a, b)
  t.is(a.value('db', 'note'), 'two')
})

test('writes of one field on both sides while apart are a dispute on both, until it is settled', (t) => {
  const [a, b] = sides()
  a.write('db', 'note', 'before')
  heal(a, b)
  a.write('db', 'note', 'of a')
  b.clock.advance(5)
  b.write('db', 'note', 'of b')
  heal(a, b)
  t.deepEqual(a.disputes(), [{ key: 'db', field: 'note', values: ['of b', 'of a'] }])
  t.deepEqual(b.disputes(), a.disputes())
  t.is(a.value('db', 'note'), 'of b')

  a.write('db', 'class', 'x')
  t.is(a.disputes().length, 1, 'another field is no answer')
  a.write('db', 'note', 'edited')
  t.deepEqual(a.disputes()[0]?.values, ['edited', 'of a'], 'nor is an edit by one who may not have seen the dispute')
  heal(a, b)
  t.deepEqual(b.disputes(), a.disputes())
  b.write('db', 'note', 'of a', true)
  heal(a, b)
  t.deepEqual([a.disputes(), b.disputes(), a.value('db', 'note')], [[], [], 'of a'])
  t.deepEqual(a.state(), b.state())
})

test('the same value on both sides is no dispute', (t) => {
  const [a, b] = sides()
  a.write('db', 'note', 'same')
  b.write('db', 'note', 'same')
  heal(a, b)
  t.deepEqual(a.disputes(), [])
  a.write('db', 'note', 'next')
  heal(a, b)
  t.deepEqual([b.disputes(), b.value('db', 'note')], [[], 'next'])
})

for (const [when, editLater] of [
  ['before', false],
  ['after', true]
] as const) {
  test(`an edit made ${when} the deletion on the other side isn't lost silently, and either can be chosen`, (t) => {
    for (const choice of [true, false]) {
      const [a, b] = sides()
      a.write('db', 'note', 'one')
      a.write('db', 'class', 'kept')
      heal(a, b)
      if (editLater) b.clock.advance(10)
      else a.clock.advance(10)
      a.write('db', 'deleted', true)
      b.write('db', 'note', 'edited')
      heal(a, b)
      t.deepEqual(a.disputes(), [{ key: 'db', field: 'deleted', values: ['edited'] }])
      t.deepEqual(a.state(), b.state())
      t.is(a.value('db', 'class'), editLater ? 'kept' : undefined)
      a.write('db', 'deleted', choice, true)
      heal(a, b)
      t.deepEqual([a.disputes(), b.disputes()], [[], []])
      t.deepEqual(a.state(), b.state())
      t.is(b.value('db', 'note'), choice ? undefined : 'edited')
      t.is(b.value('db', 'class'), choice ? undefined : 'kept')
    }
  })
}

test('one made anew after it was deleted owes nothing to what was there before', (t) => {
  const [a, b] = sides()
  a.write('db', 'note', 'one')
  heal(a, b)
  b.write('db', 'deleted', true)
  b.write('db', 'note', 'two')
  heal(a, b)
  t.is(a.value('db', 'note'), 'two')
  t.deepEqual(a.disputes(), [])
  t.deepEqual(a.log.fields.documents(), [])
  t.deepEqual(a.state(), b.state())
})

const writes = fc.record({
  side: fc.constantFrom(0, 1),
  act: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ field: fc.constantFrom('note', 'class', 'kind'), value: fc.constantFrom('x', 'y', 'z') })
    },
    { weight: 1, arbitrary: fc.constant({ field: 'deleted', value: true }) },
    { weight: 1, arbitrary: fc.constant({ field: 'deleted', value: false }) }
  ),
  key: fc.constantFrom('db', 'web'),
  settles: fc.boolean(),
  /** How many ops each side sends afterwards. */
  sent: fc.tuple(fc.nat(3), fc.nat(3)),
  later: fc.nat(5)
})

test('whatever is written and whenever it is sent, both end up alike, and see the same disputes', (t) => {
  const run = fc.property(fc.array(writes, { maxLength: 25 }), fc.integer({ min: -3600, max: 3600 }), (steps, skew) => {
    const [a, b] = sides(skew)
    for (const { side, act, key, settles, sent, later } of steps) {
      const one = side === 0 ? a : b
      one.clock.advance(later)
      one.write(key, act.field, act.value, settles)
      a.send(b, Math.min(sent[0], a.unsent.length))
      b.send(a, Math.min(sent[1], b.unsent.length))
    }
    heal(a, b)
    const alike = isDeepStrictEqual([a.state(), a.disputes()], [b.state(), b.disputes()])
    a.db.close()
    b.db.close()
    return alike
  })
  fc.assert(run, { numRuns: 300 })
  t.pass()
})

test("no value is lost: it is there, or its writer's successor knew of it, or people can choose it", (t) => {
  const run = fc.property(fc.array(writes, { maxLength: 15 }), (steps) => {
    const [a, b] = sides()
    const all: Op[] = []
    for (const { side, act, key, settles, sent } of steps) {
      const one = side === 0 ? a : b
      all.push(one.write(key, act.field, act.value, settles))
      a.send(b, Math.min(sent[0], a.unsent.length))
      b.send(a, Math.min(sent[1], b.unsent.length))
    }
    heal(a, b)
    const overwritten = new Set(all.flatMap(({ base }) => base.split(' ')))
    for (const op of all.filter(({ field }) => field !== 'deleted')) {
      const version = `${op.hlc}/${op.origin}`
      const document = a.log.fields.document('role', op.key)
      const isThere = document[op.field]?.some((each) => each.version === version)
      const wasDeleted = all.some(({ field, value }) => field === 'deleted' && value.includes(version))
      t.true(overwritten.has(version) || wasDeleted || isThere, `${op.key}.${op.field} = ${op.value}`)
    }
  })
  fc.assert(run, { numRuns: 200 })
})
