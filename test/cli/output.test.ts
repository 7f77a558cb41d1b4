import test from 'ava'
import { column, printList } from '../../src/cli/output.ts'

const COLUMNS = [column('name'), column('address', 'ipv4'), column('note')]

function printed(rows: readonly Record<string, unknown>[], json = false): string {
  const lines: string[] = []
  printList({ line: (text) => lines.push(text) }, rows, COLUMNS, json)
  return lines.join('\n')
}

test('columns are as wide as their widest cell, and lines end where their text does', (t) => {
  const rows = [
    { name: 'web1', ipv4: '10.77.0.10', note: 'rack 3' },
    { name: 'storage-2', ipv4: null }
  ]
  t.is(printed(rows), 'name       address     note\nweb1       10.77.0.10  rack 3\nstorage-2')
})

test('wide characters take two places, lists are joined', (t) => {
  const rows = [
    { name: '機械', ipv4: ['10.77.0.1', '10.77.0.2'], note: 'x' },
    { name: 'a', ipv4: 1, note: 'y' }
  ]
  t.is(printed(rows), 'name  address               note\n機械  10.77.0.1, 10.77.0.2  x\na     1                     y')
})

test('nothing is said to be nothing, in JSON an empty list', (t) => {
  t.is(printed([]), 'none')
  t.is(printed([], true), '[]')
})

test('a hundred thousand rows are a table too', (t) => {
  const rows = Array.from({ length: 100_000 }, (_, at) => ({ name: `node-${at}`, ipv4: '10.77.0.10', note: '' }))
  const lines = printed(rows).split('\n')
  t.is(lines.length, 100_001)
  t.is(lines.at(-1), 'node-99999  10.77.0.10')
})
