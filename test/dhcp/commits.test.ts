import test from 'ava'
import { groupCommits } from '../../src/dhcp/commits.ts'

/** A storage whose commits end when the test says so. */
function heldStorage(limit = 4) {
  const batches: string[][] = []
  const ends: (() => void)[] = []
  const commits = groupCommits<string>((batch) => {
    batches.push([...batch])
    return new Promise((resolve) => ends.push(resolve))
  }, limit)
  return { batches, commits, end: () => ends.shift()?.() }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what one turn of the event loop adds is one commit', async (t) => {
  const { batches, commits, end } = heldStorage()
  t.true(commits.add('a'))
  // Each datagram of a turn has its own callback, and promises run between them.
  for (let promises = 0; promises < 10; promises++) await undefined
  t.true(commits.add('b'))
  t.deepEqual(batches, [])
  await turn()
  t.deepEqual(batches, [['a', 'b']])
  end()
  await commits.idle()
})

test('two commits run at once: what comes meanwhile is the next batch', async (t) => {
  const { batches, commits, end } = heldStorage()
  for (const each of ['a', 'b', 'c', 'd']) {
    commits.add(each)
    await turn()
  }
  t.deepEqual(batches, [['a'], ['b']])
  end()
  await turn()
  await turn()
  t.deepEqual(batches, [['a'], ['b'], ['c', 'd']])
  end()
  end()
  await commits.idle()
})

test('with 32 the first commit begins before the turn ends', async (t) => {
  const { batches, commits, end } = heldStorage(100)
  for (let number = 0; number < 40; number += 1) commits.add(String(number))
  t.deepEqual(
    batches.map(({ length }) => length),
    [32]
  )
  await turn()
  t.deepEqual(
    batches.map(({ length }) => length),
    [32, 8]
  )
  end()
  end()
  await commits.idle()
})

test('where one may run at once, the next one waits for it', async (t) => {
  const batches: string[][] = []
  const ends: (() => void)[] = []
  const commits = groupCommits<string>(
    (batch) => {
      batches.push([...batch])
      return new Promise((resolve) => ends.push(resolve))
    },
    10,
    () => 1
  )
  for (const each of ['a', 'b', 'c']) {
    commits.add(each)
    await turn()
  }
  t.deepEqual(batches, [['a']])
  ends.shift()?.()
  await turn()
  await turn()
  t.deepEqual(batches, [['a'], ['b', 'c']])
  ends.shift()?.()
  await commits.idle()
})

test('after a pause the next one is a new start', async (t) => {
  const { batches, commits, end } = heldStorage()
  for (const each of ['a', 'b']) {
    commits.add(each)
    await turn()
    end()
    await commits.idle()
  }
  t.deepEqual(batches, [['a'], ['b']])
})

test('a batch is at most 512: more would take longer than firmware waits', async (t) => {
  const { batches, commits, end } = heldStorage(2000)
  for (let number = 0; number < 1100; number += 1) commits.add(String(number))
  const idle = commits.idle()
  for (let ended = 0; ended < 4; ended += 1) {
    await turn()
    await turn()
    end()
  }
  await idle
  t.deepEqual(
    batches.map(({ length }) => length),
    [32, 512, 512, 44]
  )
  t.deepEqual(
    batches.flat(),
    Array.from({ length: 1100 }, (_, number) => String(number))
  )
})

test('idle is at once when nothing was added, else when the last batch is settled', async (t) => {
  const { batches, commits, end } = heldStorage()
  await commits.idle()
  commits.add('a')
  await turn()
  commits.add('b')
  let idle = false
  const waiting = commits.idle().then(() => {
    idle = true
  })
  end()
  await turn()
  await turn()
  t.deepEqual([batches.length, idle], [2, false])
  end()
  await waiting
  t.true(idle)
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
