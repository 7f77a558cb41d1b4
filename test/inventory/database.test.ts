import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import { DatabaseError, openDatabase, Statements } from '../../src/inventory/database.ts'
import { UNTRIED } from '../../src/inventory/loader-trials.ts'
import { MIGRATIONS } from '../../src/inventory/migrations.ts'
import { subnetFrom } from '../../src/inventory/normalize.ts'
import { change, dump, machine, openStore, role, subnet } from '../support/inventory.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { ip, mac } from '../support/values.ts'

test('a new inventory has every migration and is readable to its user alone, as are its companions', (t) => {
  const folder = tempFolder(t)
  const db = openDatabase(join(folder, 'tandem.sqlite'))
  t.is(db.pragma('user_version', { simple: true }), MIGRATIONS.length)
  db.exec("INSERT INTO meta VALUES ('x', 'y')")
  const files = readdirSync(folder)
  t.deepEqual(files.sort(), ['tandem.sqlite', 'tandem.sqlite-shm', 'tandem.sqlite-wal'])
  for (const file of files) t.is(statSync(join(folder, file)).mode & 0o777, 0o600, file)
  db.close()
})

test('what was committed survives a power cut, and references hold', (t) => {
  const db = openDatabase(join(tempFolder(t), 'tandem.sqlite'))
  t.is(db.pragma('journal_mode', { simple: true }), 'wal')
  t.is(db.pragma('synchronous', { simple: true }), 2)
  t.is(db.pragma('foreign_keys', { simple: true }), 1)
  db.close()
})

test('every table is STRICT: a value of a wrong type is an error, not a surprise', (t) => {
  const tables = openDatabase(':memory:').pragma('table_list') as { name: string; strict: number }[]
  const own = tables.filter(({ name }) => !name.startsWith('sqlite_'))
  t.true(own.length > 10)
  for (const { name, strict } of own) t.is(strict, 1, name)
})

test('a statement is compiled once', (t) => {
  const statements = new Statements(openDatabase(':memory:'))
  t.is(statements.get('SELECT 1'), statements.get('SELECT 1'))
  t.not(statements.get('SELECT 1'), statements.get('SELECT 2'))
})

test('an inventory opened again is as it was left', async (t) => {
  const path = join(tempFolder(t), 'tandem.sqlite')
  const first = openStore({ db: openDatabase(path) })
  await change(first, (draft) => {
    draft.putSubnet(subnet({ vlan: 7, vars: { a: [1, { b: null }] } }))
    draft.putMachine(machine('db-1', 1, { labels: { rack: 'b7' }, kernelArguments: ['quiet'] }))
  })
  const before = dump(first.db)
  first.db.close()
  const second = openStore({ db: openDatabase(path) })
  t.deepEqual(dump(second.db), before)
  t.deepEqual([...second.inventory.list('machine')], [...first.inventory.list('machine')])
  t.deepEqual([...second.inventory.list('subnet')], [...first.inventory.list('subnet')])
  second.db.close()
})

test('an inventory of the first version goes on as it was, with what came later as if it had always been so', (t) => {
  const path = join(tempFolder(t), 'tandem.sqlite')
  const first = new Database(path)
  first.exec(MIGRATIONS[0] as string)
  first.pragma('user_version = 1')
  first.exec("INSERT INTO subnet (cidr, gateway) VALUES ('10.77.0.0/24', '10.77.0.1')")
  first.exec("INSERT INTO role (name, class) VALUES ('db', 'role::db')")
  first.exec("INSERT INTO machine (name, role) VALUES ('db-1', 'db')")
  first.exec(`INSERT INTO interface VALUES ('${mac(1)}', 'db-1', 0, '10.77.0.4', '10.77.0.0/24')`)
  first.close()
  const { db, inventory } = openStore({ db: openDatabase(path) })
  t.deepEqual(inventory.subnetOf(ip('10.77.0.9')), subnetFrom({ cidr: '10.77.0.0/24', gateway: '10.77.0.1' }))
  t.like(inventory.machineByMac(mac(1)), { name: 'db-1', role: 'db', options: {}, loader: 'auto', trials: UNTRIED })
  t.deepEqual(inventory.need('role', 'db'), role('db'))
  db.close()
})

test("a newer Tandem's inventory is refused, and what to do is said", (t) => {
  const path = join(tempFolder(t), 'tandem.sqlite')
  const db = openDatabase(path)
  db.pragma(`user_version = ${MIGRATIONS.length + 1}`)
  db.close()
  t.throws(() => openDatabase(path), {
    instanceOf: DatabaseError,
    message:
      /^the inventory is of a newer Tandem \(schema \d+, this one knows \d+\): start that version, or restore a backup$/
  })
})

test('a file that is no inventory, or no file at all, is one clear line', (t) => {
  const folder = tempFolder(t)
  const text = join(folder, 'text')
  writeFileSync(text, 'not a database, and long enough to be looked at as one'.repeat(100))
  for (const path of [text, folder, join(folder, 'no', 'such')]) {
    const error = t.throws(() => openDatabase(path), { instanceOf: DatabaseError })
    t.true(error.message.startsWith(`cannot open the inventory ${path}: `))
    t.notRegex(error.message, /\n/)
  }
})

test('an existing file keeps the mode that its owner gave it', (t) => {
  const path = join(tempFolder(t), 'tandem.sqlite')
  openDatabase(path).close()
  chmodSync(path, 0o640)
  openDatabase(path).close()
  t.is(statSync(path).mode & 0o777, 0o640)
})
