import test from 'ava'
import { groupCommits } from '../../src/dhcp/commits.ts'

/** A storage whose commits end when the test says so, and what it was told. */
function heldStorage() {
  const batches: string[][] = []
  const settled: string[] = []
  const ends: ((error?: Error) => void)[] = []
  const commits = groupCommits<string>(
    (batch) => {
      batches.push([...batch])
      return new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())))
    },
    (batch, error) => settled.push(`${batch.join()}${error ? `: ${error.message}` : ''}`),
    4
  )
  return { batches, settled, commits, end: (error?: Error) => ends.shift()?.(error) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what one turn of the event loop adds is one commit, settled when it is durable', async (t) => {
  const { batches, settled, commits, end } = heldStorage()
  t.true(commits.add('a'))
  // Each datagram of a turn has its own callback, and promises run between them.
  for (let promises = 0; promises < 10; promises++) await undefined
  t.true(commits.add('b'))
  t.deepEqual(batches, [])
  await turn()
  t.deepEqual(batches, [['a', 'b']])
  t.deepEqual(settled, [])
  end()
  await commits.idle()
  t.deepEqual(settled, ['a,b'])
})

test('commits never overlap: what comes meanwhile is the next batch', async (t) => {
  const { batches, settled, commits, end } = heldStorage()
  commits.add('a')
  await turn()
  commits.add('b')
  await turn()
  commits.add('c')
  await turn()
  t.deepEqual(batches, [['a']])
  end()
  await turn()
  await turn()
  t.deepEqual(batches, [['a'], ['b', 'c']])
  t.deepEqual(settled, ['a'])
  end()
  await commits.idle()
  t.deepEqual(settled, ['a', 'b,c'])
})

test('a failed batch is told with the error, and the next one is a new start', async (t) => {
  const { settled, commits, end } = heldStorage()
  commits.add('a')
  await turn()
  end(new Error('disk full'))
  await commits.idle()
  commits.add('b')
  await turn()
  end()
  await commits.idle()
  t.deepEqual(settled, ['a: disk full', 'b'])
})

test('a storage that throws at once has failed, too', async (t) => {
  const settled: unknown[] = []
  const commits = groupCommits<string>(
    () => {
      throw 'closed'
    },
    (batch, error) => settled.push([batch, error?.message]),
    4
  )
  commits.add('a')
  await commits.idle()
  t.deepEqual(settled, [[['a'], 'closed']])
})

test('those that wait are bounded, the ones being committed included', async (t) => {
  const { batches, commits, end } = heldStorage()
  commits.add('a')
  commits.add('b')
  await turn()
  t.deepEqual(
    ['c', 'd', 'e'].map((each) => commits.add(each)),
    [true, true, false]
  )
  end()
  await turn()
  await turn()
  t.deepEqual(batches, [
    ['a', 'b'],
    ['c', 'd']
  ])
  t.true(commits.add('f'))
  end()
  await turn()
  await turn()
  end()
  await commits.idle()
})
