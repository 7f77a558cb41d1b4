import test from 'ava'
import type { Inventory } from '../src/inventory/inventory.ts'
import type { Ipv4 } from '../src/net/ipv4.ts'
import type { Mac } from '../src/net/mac.ts'
import type { TransferStart } from '../src/net/transfer-watch.ts'
import { Transfers } from '../src/transfers.ts'

const MAC = '52:54:00:00:00:0a' as Mac
const KNOWN = '10.77.0.2' as Ipv4
const START: TransferStart = { protocol: 'http', client: KNOWN, file: 'initrd.gz', size: 1000 }

function follow() {
  let time = Date.parse('2026-01-01T00:00:00Z')
  const inventory = { machineByMac: (mac: Mac) => (mac === MAC ? { name: 'web3' } : undefined) } as unknown as Inventory
  const macAt = (address: Ipv4) => (address === KNOWN ? MAC : undefined)
  const transfers = new Transfers({ inventory, macAt, now: () => time })
  return {
    transfers,
    pass(milliseconds: number) {
      time += milliseconds
    }
  }
}

test('an operator sees how far which file is for which machine, and how fast', (t) => {
  const { transfers, pass } = follow()
  const watcher = transfers.watch(START)
  pass(2000)
  watcher.reached(500)
  pass(1000)
  watcher.reached(629)
  t.deepEqual(transfers.list(), [
    {
      number: 1,
      protocol: 'http',
      address: KNOWN,
      mac: MAC,
      machine: 'web3',
      file: 'initrd.gz',
      size: 1000,
      bytes: 629,
      percent: 62,
      rate: 129,
      startedAt: '2026-01-01T00:00:00.000Z',
      state: 'running'
    }
  ])
})

test('who nobody knows is told by the address; an empty file is there at once', (t) => {
  const { transfers } = follow()
  transfers.watch({ ...START, client: '10.77.0.9' as Ipv4, size: 0 })
  t.like(transfers.list()[0], { address: '10.77.0.9', mac: null, machine: null, percent: 100 })
})

test('one that has ended is told of for some seconds, and then no more', (t) => {
  const { transfers, pass } = follow()
  for (const complete of [true, false]) {
    const watcher = transfers.watch(START)
    watcher.reached(1000)
    watcher.ended(complete)
  }
  t.deepEqual(
    transfers.list().map(({ state }) => state),
    ['complete', 'ended']
  )
  pass(3000)
  t.deepEqual(transfers.list(), [])
})

test('bytes are summed by protocol; what is sent again does not count', (t) => {
  const { transfers } = follow()
  const [http, tftp] = [transfers.watch(START), transfers.watch({ ...START, protocol: 'tftp' })]
  for (const bytes of [300, 200, 500]) http.reached(bytes)
  tftp.reached(70)
  t.deepEqual(transfers.bytes, { http: 600, tftp: 70 })
})

test('of a part of a file, only what was sent counts', (t) => {
  const { transfers, pass } = follow()
  const watcher = transfers.watch({ ...START, offset: 600 })
  pass(1000)
  watcher.reached(700)
  t.is(transfers.bytes.http, 100)
  t.like(transfers.list()[0], { bytes: 700, percent: 70, rate: 100 })
})

test('however many begin, no more than a bound are followed', (t) => {
  const { transfers } = follow()
  for (let count = 0; count < 10_001; count += 1) transfers.watch(START).reached(1)
  t.is(transfers.list().length, 10_000)
  t.is(transfers.bytes.http, 10_001)
})
