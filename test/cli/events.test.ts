import test from 'ava'
import { run } from '../../src/cli/run.ts'
import { eventually } from '../daemon/eventually.ts'
import { startSite } from '../daemon/running.ts'
import { commandsOf } from './command.ts'

test('events are printed a line each, oldest first', async (t) => {
  const { config } = await startSite(t)
  const lines = (await commandsOf(config.state)('events', '--type', 'inventory')).split('\n')
  t.deepEqual(
    lines.map((line) => line.replace(/^\S+Z /, '')),
    [
      'inventory admin: subnet 10.77.0.0/24 created',
      'inventory admin: image debian-12 created',
      'inventory admin: role web created',
      'inventory web1: machine web1 created'
    ]
  )
  t.regex(await commandsOf(config.state)('events', '--machine', 'web1'), /^\S+Z inventory web1: machine web1 created$/)
  t.is((await commandsOf(config.state)('events', '--limit', '2')).split('\n').length, 2)
})

test('events --follow goes on with what happens, each once', async (t) => {
  const { config, rest, daemon } = await startSite(t)
  const lines: string[] = []
  const followed = run(
    ['--state', config.state, 'events', '--follow', '--type', 'inventory', '--limit', '1', '--json'],
    {
      output: { line: (text) => lines.push(text) },
      errors: { line: (text) => lines.push(text) },
      binary: { isTerminal: false, write() {} },
      env: {}
    }
  )
  const messages = () => lines.map((line) => JSON.parse(line).message)
  await eventually(t, (tt) => tt.deepEqual(messages(), ['machine web1 created']))
  for (const name of ['one', 'two']) await rest.created('/roles', { name })
  const all = ['machine web1 created', 'role one created', 'role two created']
  await eventually(t, (tt) => tt.deepEqual(messages(), all))
  await rest.created('/roles', { name: 'three' })
  await eventually(t, (tt) => tt.deepEqual(messages(), [...all, 'role three created']))
  await daemon.close()
  t.is(await followed, 1, 'it ends when the service does')
})
