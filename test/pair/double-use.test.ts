import test from 'ava'
import type { Op } from '../../src/inventory/oplog.ts'
import { DoubleUse } from '../../src/pair/double-use.ts'
import { openStore } from '../support/inventory.ts'

const report = (id: string, stage: string) => ({
  entity: 'attempt',
  key: id,
  field: 'row',
  value: {
    id,
    machine: 'web1',
    mac: '52:54:00:00:00:01',
    stage,
    generation: '1-a',
    address: '10.77.0.2',
    lease: '',
    message: null,
    created_at: 1,
    updated_at: 2
  }
})
const theirs = (id: string, stage: string) => {
  const { value, ...rest } = report(id, stage)
  return { ...rest, value: JSON.stringify(value) } as unknown as Op
}

test('an attempt that both were told of while they were apart is an event, once', async (t) => {
  const { inventory, events } = openStore()
  await inventory.write([report('known', 'fetched')])
  const known = inventory.log.seq
  await inventory.write([
    report('x1', 'offered'),
    report('x1', 'fetched'),
    report('here', 'installing'),
    report('x2', 'offered')
  ])
  const use = new DoubleUse(inventory, known)
  use.found(
    [theirs('x1', 'fetched'), theirs('x1', 'installing'), theirs('x2', 'fetched'), theirs('known', 'fetched')],
    5
  )
  const told = events.list({ limit: 10 }).map(({ machine, attempt, message }) => [machine, attempt, message])
  t.deepEqual(told, [
    ['web1', 'x1', 'attempt x1 was reported on at both instances while they were apart: its token was used twice']
  ])
})
