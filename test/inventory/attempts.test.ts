import test from 'ava'
import { act } from '../../src/inventory/actions.ts'
import { isSameBoot, STAGES, type Stage } from '../../src/inventory/attempts.ts'
import type { Op } from '../../src/inventory/oplog.ts'
import { hashSecret } from '../../src/inventory/tokens.ts'
import { change, dump, machine, openStore, subnet } from '../support/inventory.ts'
import { ip, mac } from '../support/values.ts'

const BOOT = { mac: mac(1), address: ip('10.77.0.4'), lease: '10.77.0.4/2' }

async function installing() {
  const store = openStore()
  await change(store, (draft) => {
    draft.putSubnet(subnet())
    draft.putMachine(machine('db-1', 1))
  })
  await act(store.inventory, 'db-1', 'install', 'ann')
  const db1 = () => store.inventory.need('machine', 'db-1')
  const mint = async (boot: Partial<typeof BOOT> = {}) => {
    store.clock.advance(1)
    return store.attempts.mint(db1(), { ...BOOT, ...boot })
  }
  return { ...store, db1, mint }
}

test('a token leads to its attempt, and only its hash is stored', async (t) => {
  const { mint, attempts, db } = await installing()
  const { attempt, token } = await mint()
  t.deepEqual(attempts.byToken(token), attempt)
  t.like(attempt, { machine: 'db-1', stage: 'offered', message: '', ...BOOT })
  t.is(attempts.byToken(`${token}x`), undefined)
  t.is(attempts.byToken(hashSecret(token)), undefined)
  t.regex(token, /^[\w-]{43}$/)
  const everything = JSON.stringify(dump(db))
  t.false(everything.includes(token))
  t.true(everything.includes(hashSecret(token)))
})

test('what a token leads to is what is on disk now, however often it was asked for', async (t) => {
  const { mint, attempts, inventory } = await installing()
  const { attempt, token } = await mint()
  for (const _ of [1, 2]) t.is(attempts.byToken(token)?.stage, 'offered')
  await inventory.write(attempts.reported(attempt, 'partitioning', 'half way'))
  for (const _ of [1, 2]) t.like(attempts.byToken(token), { stage: 'partitioning', message: 'half way' })
  await change({ inventory }, (draft) => draft.delete('machine', 'db-1'))
  t.is(attempts.byToken(token), undefined)
})

test('the same handshake is the same attempt, with another token each time', async (t) => {
  const { mint, attempts, db1 } = await installing()
  const [first, second] = [await mint(), await mint()]
  t.is(first.attempt.id, second.attempt.id)
  t.not(first.token, second.token)
  t.is(attempts.list(db1().name).length, 1)
  for (const [what, boot] of Object.entries({
    'another handshake': { lease: '10.77.0.4/3' },
    'another interface': { mac: mac(2) },
    'no handshake': { lease: '' },
    'no handshake again': { lease: '' }
  })) {
    const count = attempts.list('db-1').length
    const { attempt } = await mint(boot)
    t.is(attempts.list('db-1').length, count + 1, what)
    t.is(attempts.list('db-1')[0]?.id, attempt.id, what)
  }
})

test('a boot is recognized though the clock was set back since an earlier one', async (t) => {
  const { mint, clock } = await installing()
  await mint()
  clock.advance(-3600)
  const second = await mint({ lease: '10.77.0.4/4' })
  t.is((await mint({ lease: '10.77.0.4/4' })).attempt.id, second.attempt.id)
})

test('four tokens of an attempt are kept: the latest', async (t) => {
  const { mint, attempts, db } = await installing()
  const tokens: string[] = []
  for (let count = 0; count < 7; count += 1) tokens.push((await mint()).token)
  t.deepEqual(
    tokens.map((token) => attempts.byToken(token) !== undefined),
    [false, false, false, true, true, true, true]
  )
  t.is(dump(db).token?.length, 4)
  const tombstones = (dump(db).op as Op[]).filter(({ field }) => field === 'deleted')
  t.deepEqual([...new Set(tombstones.map(({ entity, value }) => `${entity} ${value}`))], ['token true'])
})

test('twenty attempts of a machine are kept, and no token of the others', async (t) => {
  const { mint, attempts, db } = await installing()
  const made: Awaited<ReturnType<typeof mint>>[] = []
  for (let count = 0; count < 23; count += 1) made.push(await mint({ lease: `10.77.0.4/${count}` }))
  const kept = made.slice(3).reverse()
  t.deepEqual(
    attempts.list('db-1').map(({ id }) => id),
    kept.map(({ attempt }) => attempt.id)
  )
  t.is(dump(db).token?.length, 20)
  t.is(attempts.byToken(made[0]?.token ?? ''), undefined)
})

test('whoever fetches the script for ever makes nothing grow', async (t) => {
  const { mint, db } = await installing()
  for (let count = 0; count < 10; count += 1) await mint()
  const sizes = () =>
    Object.entries(dump(db)).flatMap(([table, rows]) => (table === 'op' ? [] : [[table, rows.length]]))
  const before = sizes()
  for (let count = 0; count < 10; count += 1) await mint()
  t.deepEqual(sizes(), before)
})

test('another generation has attempts of its own', async (t) => {
  const { mint, attempts, db1, inventory } = await installing()
  const first = await mint()
  await act(inventory, 'db-1', 'install', 'ann')
  t.deepEqual(attempts.ofGeneration(db1()), [])
  const second = await mint()
  t.not(second.attempt.id, first.attempt.id)
  t.deepEqual(attempts.ofGeneration(db1()), [second.attempt])
  t.deepEqual(attempts.list('db-1'), [second.attempt, first.attempt])
})

test('a machine that is removed takes its attempts and tokens along', async (t) => {
  const store = await installing()
  const { token } = await store.mint()
  await change(store, (draft) => draft.delete('machine', 'db-1'))
  await change(store, (draft) => draft.putMachine(machine('db-1', 1)))
  t.is(store.attempts.byToken(token), undefined)
  t.deepEqual(store.attempts.list('db-1'), [])
})

test('an attempt never goes back to an earlier stage, in whatever order the reports come', async (t) => {
  const { mint, attempts, inventory } = await installing()
  for (const [index, reached] of STAGES.entries()) {
    for (const [other, stage] of STAGES.entries()) {
      const { attempt, token } = await mint({ lease: `${reached}/${stage}` })
      const report = async (each: Stage) => {
        await inventory.write(attempts.reported(attempts.byToken(token) ?? attempt, each, `it is ${each}`))
      }
      await report(reached)
      await report(stage)
      t.is(attempts.byToken(token)?.stage, STAGES[Math.max(index, other)])
      t.is(attempts.byToken(token)?.message, `it is ${STAGES[Math.max(index, other)]}`)
    }
  }
})

test('without any handshake nothing tells one boot from another', async (t) => {
  const { mint } = await installing()
  const { attempt } = await mint({ lease: '' })
  t.false(isSameBoot(attempt, attempt))
  t.true(isSameBoot((await mint()).attempt, BOOT))
})

test('a report that was made later is the later one, though the other instance has a clock that is ahead', async (t) => {
  const { mint, attempts, clock } = await installing()
  const { attempt } = await mint()
  const there = { ...attempt, stage: 'installing' as const, updatedAt: clock.now() + 3_600_000 }
  const [change] = attempts.reported(there, 'installing', 'again')
  const value = change?.value as { updated_at: number } | undefined
  t.true((value?.updated_at ?? 0) > there.updatedAt)
})

test('of two reports of one stage and time both instances keep the same one', async (t) => {
  const kept = await Promise.all(
    [
      ['one', 'two'],
      ['two', 'one']
    ].map(async ([here, there]) => {
      const { mint, inventory, attempts, db, clock } = await installing()
      const { attempt } = await mint()
      const [report] = attempts.reported(attempt, 'failed', there as string)
      await inventory.write(attempts.reported(attempt, 'failed', here as string))
      const op = { origin: 'b-1', seq: 1, hlc: `${clock.now()}.000001`, base: '', actor: '' }
      inventory.receive([
        { ...op, entity: 'attempt', key: attempt.id, field: 'row', value: JSON.stringify(report?.value) }
      ])
      return (dump(db).attempt as { message: string }[])[0]?.message
    })
  )
  t.deepEqual(kept, ['two', 'two'])
})
