import { join } from 'node:path'
import test from 'ava'
import { openDatabase } from '../../src/inventory/database.ts'
import { OpLog } from '../../src/inventory/oplog.ts'
import { dropAll, putPart, type SnapshotPart, wholeOf } from '../../src/inventory/snapshot.ts'
import { apiTokenChange } from '../../src/inventory/tokens.ts'
import { change, dump, machine, openStore, role, type Store, subnet } from '../support/inventory.ts'
import { tempFolder } from '../support/temp-folder.ts'

const REPLICATED = [
  'machine',
  'role',
  'subnet',
  'interface',
  'field_version',
  'document',
  'attempt',
  'event',
  'unknown_op'
] as const

function sent({ db, inventory }: Store) {
  const whole = wholeOf(db, inventory.log)
  const parts: SnapshotPart[] = []
  for (let next = whole.parts.next(); !next.done; next = whole.parts.next()) parts.push(next.value)
  whole.close()
  return { parts, total: whole.total }
}

test('the whole inventory, what was deleted and what is not understood included, is the same where it is put', async (t) => {
  const from = openStore()
  await change(from, (draft) => {
    draft.putSubnet(subnet())
    for (let each = 0; each < 120; each += 1) draft.putRole(role(`r${each}`))
    draft.putMachine(machine('web1', 1, { role: 'r1' }))
  })
  await change(from, (draft) => draft.delete('role', 'r2'))
  from.db.prepare("INSERT INTO unknown_op VALUES ('b-1', 1, '{}')").run()
  const to = openStore()
  await change(to, (draft) => draft.putRole(role('its-own')))
  await to.inventory.write([apiTokenChange('admin', 'secret', 1)])
  dropAll(to.db)
  const { parts, total } = sent(from)
  for (const part of parts) putPart(to.db, JSON.parse(JSON.stringify(part)))
  const sizes = parts.map(({ documents, rows }) => documents?.length ?? rows?.rows.length ?? 0)
  t.is(
    sizes.reduce((a, b) => a + b, 0),
    total
  )
  const [one, other] = [dump(from.db), dump(to.db)]
  for (const table of REPLICATED) t.deepEqual(other[table], one[table], table)
  t.is(other.token?.length, 1, 'an administrator keeps the token for this instance')
  to.inventory.reload()
  t.is(to.inventory.get('machine', 'web1')?.role, 'r1')
  t.is(to.inventory.get('role', 'its-own'), undefined)
  t.truthy(to.inventory.get('global', 'settings'))
})

test('tables and columns of a newer version are left out', (t) => {
  const { db } = openStore()
  putPart(db, { rows: { table: 'meta', rows: [{ key: 'origin', value: 'x' }] } })
  putPart(db, { rows: { table: 'event', rows: [{ id: 7, time: 1, type: 'x', message: 'y', colour: 'red' }] } })
  t.like(dump(db).event, [{ id: 7, message: 'y' }])
  t.false((dump(db).meta as { value: string }[]).some(({ value }) => value === 'x'))
})

test('what is written after stamps that came as a whole is later than these', (t) => {
  const { db } = openStore()
  const log = new OpLog(db, 'b', () => 1000)
  log.caughtUp({ 'a-1': 5 }, '9999999999999.000007')
  const [op] = log.commit([{ entity: 'role', key: 'db', field: 'note', value: 'x' }])
  t.is(op?.hlc, '9999999999999.000008')
  t.is(new OpLog(db, 'b', () => 1000).latest, '9999999999999.000008', 'also after a restart')
})

test('what the sender kept without understanding it is applied where it is understood', async (t) => {
  const [from, to, writer] = [openStore(), openStore(), openStore()]
  const ops = writer.inventory.log.commit([{ entity: 'role', key: 'web', field: 'note', value: 'new' }])
  const [op] = ops.map((each) => ({ ...each, origin: 'b-1' }))
  from.db.prepare("INSERT INTO unknown_op VALUES ('b-1', 1, ?)").run(JSON.stringify(op))
  for (const part of sent(from).parts) putPart(to.db, part)
  to.inventory.log.reapply([])
  to.inventory.reload()
  t.is(to.inventory.get('role', 'web')?.note, 'new')
  t.deepEqual(dump(to.db).unknown_op, [])
})

test('the whole inventory is as it was when it was asked for, though it is written on', async (t) => {
  const path = join(tempFolder(t), 'inventory.db')
  const store = openStore({ db: openDatabase(path) })
  await change(store, (draft) => draft.putRole(role('before')))
  const whole = wholeOf(store.db, store.inventory.log)
  await change(store, (draft) => draft.putRole(role('after')))
  const names: string[] = []
  for (let next = whole.parts.next(); !next.done; next = whole.parts.next())
    for (const { kind, key } of next.value.documents ?? []) if (kind === 'role') names.push(key)
  whole.close()
  store.db.close()
  t.deepEqual(names, ['before'])
})
