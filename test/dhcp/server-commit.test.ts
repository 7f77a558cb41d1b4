import test, { type ExecutionContext } from 'ava'
import type { Allocator, LeaseChange } from '../../src/dhcp/allocator.ts'
import { decode } from '../../src/dhcp/codec.ts'
import { MESSAGE } from '../../src/dhcp/options.ts'
import { discover, GRANT, loopback, relayed, reply, request, turn } from './loopback.ts'

/** No answer leaves before what it promises is durable. */

/** A storage whose commits end when the test says so, each with the changes that are impossible. */
function heldStorage() {
  const batches: (readonly LeaseChange[])[] = []
  const ends: ((impossible: ReadonlyMap<LeaseChange, string>) => void)[] = []
  return {
    batches,
    commit: (changes: readonly LeaseChange[]) => {
      batches.push(changes)
      return new Promise<ReadonlyMap<LeaseChange, string>>((resolve) => ends.push(resolve))
    },
    async begun(count: number) {
      while (batches.length < count) await turn()
    },
    end: (impossible: ReadonlyMap<LeaseChange, string> = new Map()) => ends.shift()?.(impossible)
  }
}

/** A server that also tells how many REQUESTs it has granted. */
async function counting(t: ExecutionContext, commit: Allocator['commit']) {
  let count = 0
  const request = () => {
    count += 1
    return GRANT
  }
  const granted = async (number: number) => {
    while (count < number) await turn()
  }
  return { ...(await loopback(t, { request, commit })), granted }
}

test('an ACK leaves only after the lease is durable', async (t) => {
  const order: string[] = []
  const { send, relay, server } = await loopback(t, {
    request: () => {
      order.push('granted')
      return GRANT
    },
    async commit(changes) {
      t.like(changes, [{ kind: 'grant', client: { mac: '52:54:00:00:00:0a' }, grant: GRANT }])
      // Several turns: an ACK that did not wait would be there by now.
      for (let turns = 0; turns < 20; turns++) await turn()
      order.push('durable')
      return new Map()
    }
  })
  relay.on('message', () => order.push('acknowledged'))
  send(request(3))
  const ack = await reply(relay)
  t.like(ack, { xid: 3, yiaddr: GRANT.address })
  t.deepEqual(ack.options.get(53), Uint8Array.of(MESSAGE.ACK))
  t.deepEqual(order, ['granted', 'durable', 'acknowledged'])
  await server.close()
})

test('an OFFER waits for nothing', async (t) => {
  const { commit, begun, end } = heldStorage()
  const { send, relay, server } = await loopback(t, { commit })
  send(request(1))
  await begun(1)
  send(discover(2))
  t.is((await reply(relay)).xid, 2)
  end()
  await server.close()
})

test('what is given back and what is declined is durable, too', async (t) => {
  const { commit, batches, begun, end } = heldStorage()
  const { send, server, stepsTold, steps } = await loopback(t, { commit })
  send(relayed('RELEASE', 1, [], { ciaddr: GRANT.address }))
  await begun(1)
  t.like(batches[0], [{ kind: 'release', address: GRANT.address }])
  t.deepEqual(steps, [])
  end()
  t.like((await stepsTold(1))[0], { outcome: 'release' })
  await server.close()
})

test('REQUESTs that come while a commit runs share the next one', async (t) => {
  const { commit, batches, begun, end } = heldStorage()
  const { send, server, stepsTold, granted } = await counting(t, commit)
  send(request(1))
  await begun(1)
  send(request(2))
  send(request(3))
  await granted(3)
  end()
  await begun(2)
  end()
  const steps = await stepsTold(3)
  t.deepEqual(
    batches.map(({ length }) => length),
    [1, 2]
  )
  t.deepEqual(
    steps.map(({ outcome }) => outcome),
    ['ack', 'ack', 'ack']
  )
  await server.close()
})

test('a commit that fails sends no ACK: a warning says why, and the next REQUEST is served', async (t) => {
  const failures = [new Error('database or disk is full')]
  const { send, relay, server, stepsTold } = await loopback(t, {
    async commit() {
      const failure = failures.pop()
      if (failure) throw failure
      return new Map()
    }
  })
  send(request(1))
  const [step] = await stepsTold(1)
  t.like(step, {
    level: 'warn',
    outcome: 'commit-failed',
    answered: 'nothing: the lease could not be made durable: database or disk is full'
  })
  send(request(2))
  t.is((await reply(relay)).xid, 2)
  await server.close()
})

test('a lease that became impossible meanwhile is not acknowledged; the others of its batch are', async (t) => {
  const { commit, batches, begun, end } = heldStorage()
  const { send, relay, server, stepsTold, granted } = await counting(t, commit)
  send(request(1))
  await begun(1)
  send(request(2))
  send(request(3))
  await granted(3)
  end()
  await begun(2)
  const acknowledged: number[] = []
  relay.on('message', (bytes) => acknowledged.push(decode(bytes).xid))
  end(new Map([[batches[1]?.[0] as LeaseChange, 'it was given to db-1']]))
  const steps = await stepsTold(3)
  t.like(steps[1], { outcome: 'silence', answered: 'nothing: it was given to db-1' })
  t.like(steps[2], { outcome: 'ack' })
  while (!acknowledged.includes(3)) await turn()
  t.false(acknowledged.includes(2))
  await server.close()
})

test('closing lets the ACKs under way leave', async (t) => {
  const { commit, begun, end } = heldStorage()
  const { send, relay, server } = await loopback(t, { commit })
  send(request(8))
  await begun(1)
  const acknowledged = reply(relay)
  const closed = server.close()
  end()
  t.is((await acknowledged).xid, 8)
  await closed
})
