import { once } from 'node:events'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import { commandsOf, tandem } from '../cli/command.ts'
import { serve, site } from './process.ts'

const MAC = '52:54:00:00:00:01'

test('a backup takes the place of the inventory, under a new origin; what was there stays beside it', async (t) => {
  const { folder } = await site(t)
  const [state, file] = [join(folder, 'var'), join(folder, 'backup')]
  const command = commandsOf(state)
  const { child } = await serve(t, folder)
  await command('subnet', 'set', '10.9.0.0/16')
  await command('machine', 'add', 'web1', '--mac', MAC)
  t.regex(await command('backup', file), /backup: \d+ bytes/)
  t.is(statSync(file).mode & 0o777, 0o600)
  await command('machine', 'remove', 'web1')
  t.like(await tandem(['--state', state, 'backup', file]), {
    status: 1,
    err: `tandem: ${file} is there already: it is left as it is`
  })
  const early = await tandem(['--state', state, 'restore', file])
  t.like(early, { status: 1 })
  t.regex(early.err, /tandem\.sqlite is in use: stop the daemon first/)
  child.kill('SIGTERM')
  await once(child, 'exit')
  t.deepEqual(
    readdirSync(state).filter((name) => name.includes('backup-')),
    []
  )

  const before = originIn(state)
  t.regex(await command('restore', file), /^1 machines and 0 leases are in .*; what was there is .*before-/)
  await serve(t, folder)
  t.regex(await command('machine', 'show', 'web1'), /web1/)
  t.not(originIn(state), before)
})

test('what is no backup is refused, and the inventory stays', async (t) => {
  const { folder } = await site(t)
  const state = join(folder, 'var')
  const text = join(folder, 'text')
  writeFileSync(text, 'no database')
  const other = join(folder, 'other')
  new Database(other).exec('CREATE TABLE t (x)').close()
  for (const [file, reason] of [
    [join(folder, 'nothing'), /there is no file/],
    [text, /is no backup of Tandem, or is damaged/],
    [other, /is no backup of Tandem$/m]
  ] as const) {
    const { status, err } = await tandem(['--state', state, 'restore', file])
    t.is(status, 1)
    t.regex(err, reason)
  }
})

function originIn(state: string): unknown {
  const db = new Database(join(state, 'tandem.sqlite'), { readonly: true })
  const origin = db.prepare("SELECT value FROM meta WHERE key = 'origin'").pluck().get()
  db.close()
  return origin
}
