import test from 'ava'
import { InterfaceWatch } from '../../src/net/interface-watch.ts'
import type { Link } from '../../src/net/links.ts'
import { ip } from '../support/values.ts'

const BR1 = { name: 'br1', address: ip('10.78.0.1') }
const ETH0: Link = { index: 2, isUp: true, isLoopback: false, addresses: [{ address: ip('192.0.2.2'), prefix: 24 }] }

/** br1 as it is served at the beginning. */
const SERVED: Link = { index: 7, isUp: true, isLoopback: false, addresses: [{ address: BR1.address, prefix: 24 }] }
const ANEW: Link = { ...SERVED, index: 8 }
const BARE: Link = { ...ANEW, addresses: [] }
const BACK = 'info: interface br1 is back, serving 10.78.0.1'

/** A host that has eth0 beside br1, and what is told of a watch over br1. */
function watched() {
  const links = new Map([
    ['eth0', ETH0],
    ['br1', SERVED]
  ])
  const told: string[] = []
  const tell = (level: string) => (message: string) => told.push(`${level}: ${message}`)
  const watch = new InterfaceWatch({
    interfaces: [BR1],
    links: () => links,
    log: { info: tell('info'), warn: tell('warn') }
  })
  watch.onReturn('br1', () => told.push('reopened'))
  /** What is told when br1 is like this. */
  const look = (br1: Link | undefined): string[] => {
    if (br1) links.set('br1', br1)
    else links.delete('br1')
    watch.look()
    return told.splice(0)
  }
  return { links, watch, look, told }
}

for (const [what, gone, why] of [
  ['deleted', undefined, 'it was deleted'],
  ['down', { ...SERVED, isUp: false }, 'it is down'],
  ['without its address', { ...SERVED, addresses: [] }, 'it has no address 10.78.0.1']
] as const) {
  test(`an interface that is ${what} is told of once, and served again when it is back`, (t) => {
    const { look } = watched()
    t.deepEqual(look(gone), [`warn: interface br1 is gone: ${why}`])
    t.deepEqual(look(gone), [])
    t.deepEqual(look(ANEW), ['reopened', BACK])
    t.deepEqual(look(ANEW), [])
  })
}

test('one that was deleted and made again between two looks is told by its index', (t) => {
  t.deepEqual(watched().look(ANEW), ['warn: interface br1 is gone: it was deleted and made again', 'reopened', BACK])
})

test('one that is made again without its address is not there yet', (t) => {
  const { look } = watched()
  t.is(look(undefined).length, 1)
  t.deepEqual(look(BARE), [])
  t.deepEqual(look(ANEW), ['reopened', BACK])
})

test('an address that was moved to another interface: that one is named', (t) => {
  const { links, look } = watched()
  links.set('eth0', { ...ETH0, addresses: [...ETH0.addresses, ...SERVED.addresses] })
  t.deepEqual(look(BARE), ['warn: interface br1 is gone: 10.78.0.1 is an address of eth0'])
})

test('while it cannot be opened it is tried at each look, and each reason is told once', (t) => {
  const { watch, look } = watched()
  let reason: string | undefined = 'no permission'
  watch.onReturn('br1', () => {
    if (reason !== undefined) throw new Error(reason)
  })
  const unserved = (why: string) => `warn: interface br1 is back, but not served; it is tried again each second: ${why}`
  look(undefined)
  t.deepEqual(look(ANEW), ['reopened', unserved('no permission')])
  t.deepEqual(look(ANEW), ['reopened'])
  reason = 'too many open files'
  t.deepEqual(look(ANEW), ['reopened', unserved('too many open files')])
  reason = undefined
  t.deepEqual(look(ANEW), ['reopened', BACK])
  reason = 'no permission'
  look(undefined)
  t.is(look(ANEW).length, 2, 'the next time it is news again')
})

test('what was closed is not opened again; nor is what is on another interface', (t) => {
  const { watch, look, told } = watched()
  const end = watch.onReturn('br1', () => told.push('never'))
  watch.onReturn('eth0', () => told.push('never'))
  end()
  look(undefined)
  t.deepEqual(look(ANEW), ['reopened', BACK])
})

test('a look that fails changes nothing', (t) => {
  const told: string[] = []
  let broken = false
  const tell = (message: string) => told.push(message)
  const links = () => {
    if (broken) throw new Error('EMFILE')
    return new Map([['br1', SERVED]])
  }
  const watch = new InterfaceWatch({ interfaces: [BR1], links, log: { info: tell, warn: tell } })
  broken = true
  watch.look()
  broken = false
  watch.look()
  t.deepEqual(told, [])
})
