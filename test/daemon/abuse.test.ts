import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { CommandFailed } from '../../src/cli/errors.ts'
import type { Config } from '../../src/config.ts'
import { vector } from '../dhcp/vectors.ts'
import { ip, mac } from '../support/values.ts'
import { eventually } from './eventually.ts'
import { Flood, relayedDiscover } from './flood.ts'
import { serve, site } from './process.ts'
import { Rest } from './rest.ts'
import { handshake, type Running, SUBNET, startSite } from './running.ts'

const MACHINES = 40
/** Made-up clients: thousands for each address of the pool. A kilobyte kept of each would be seen. */
const STRANGERS = 200_000
const POOL = 100
/** Lines of the log: what the journal writes at once and a second (journal.ts), and what else there is. */
const LINES = { atOnce: 2100, aSecond: 221, others: 100 }
const MOST_MEMORY = 400 << 20
/** Of another machine than the site's. */
const DISCOVER = vector('debian-isc-dhclient')
/** Bytes of UDP over IPv4. */
const LONGEST = 65_507
const LINK = ip('10.77.0.0')

test('in a flood of made-up clients every registered machine is served, people are answered, little is kept', async (t) => {
  t.timeout(300_000)
  const { folder, config } = await site(t)
  const { child, printed } = await serve(t, folder)
  const rest = restOf(folder, config)
  await rest.created('/subnets', SUBNET)
  const macs = Array.from({ length: MACHINES }, (_, number) => mac(number + 1))
  for (const [number, each] of macs.entries()) {
    await rest.created('/machines', { name: `web${number}`, interfaces: [{ mac: each }] })
  }

  const began = performance.now()
  const flood = await Flood.open(dhcpOf(config), LINK)
  flood.start()
  await Promise.all(macs.map((each) => persistently(() => handshake({ config }, each))))
  while (flood.count < STRANGERS) t.is((await rest.get('/machines')).status, 200)
  await flood.end()

  const leases = await rest.get<{ items: { mac: string }[] }>('/leases?state=active')
  t.deepEqual(leases.body.items.map((lease) => lease.mac).sort(), macs)
  await eventually(t, (tt) => tt.regex(printed(), /too many steps to tell one by one; further ones: \d+ dhcp/))
  const seconds = (performance.now() - began) / 1000
  const lines = printed().split('\n').length
  t.true(lines < LINES.atOnce + LINES.aSecond * seconds + LINES.others, `${lines} lines in ${seconds} s`)
  const counts = await countsOf(rest)
  t.true((counts.offer ?? 0) >= POOL + MACHINES, JSON.stringify(counts))
  t.true((counts.silence ?? 0) > 0, JSON.stringify(counts))
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const memory = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
  t.true(memory < MOST_MEMORY, `${memory} bytes`)
})

/** One byte of a real DISCOVER is another. */
function changed(at: number, byte: number): Uint8Array {
  const bytes = Uint8Array.from(DISCOVER)
  bytes[at] = byte
  return bytes
}

for (const [what, bytes, outcome] of [
  ['an empty datagram', new Uint8Array(0), 'malformed'],
  ['as much as a datagram can hold', new Uint8Array(LONGEST), 'malformed'],
  ['a DISCOVER of that length', Uint8Array.of(...DISCOVER, ...new Uint8Array(LONGEST - DISCOVER.length)), 'malformed'],
  ["a group's hardware address", changed(28, 1), 'malformed'],
  ['a reply', changed(0, 2), 'unhandled'],
  ['another hardware than Ethernet', changed(1, 6), 'unhandled'],
  ['what relay agents send round in circles', changed(3, 17), 'unhandled']
] as const) {
  test(`${what} is counted as ${outcome}, and the next machine is served`, async (t) => {
    const running = await startSite(t)
    await send(t, running, bytes)
    await eventually(t, async (tt) => tt.is((await countsOf(running.rest))[outcome], 1))
    await handshake(running)
  })
}

test('what the server says, sent back to it, is no question', async (t) => {
  const running = await startSite(t)
  const socket = await socketOf(t)
  const { address, port } = dhcpOf(running.config)
  socket.send(relayedDiscover(LINK), port, address)
  const [offer] = await once(socket, 'message')
  socket.send(offer, port, address)
  await eventually(t, async (tt) => tt.is((await countsOf(running.rest)).unhandled, 1))
  await handshake(running)
})

test('one client that sends without end is not answered without end, and another one is', async (t) => {
  const running = await startSite(t)
  await eventually(t, async (tt) => {
    for (let count = 0; count < 300; count += 1) await send(t, running, DISCOVER)
    tt.true(((await countsOf(running.rest)).flood ?? 0) > 0)
  })
  await handshake(running)
})

function restOf(folder: string, { admin }: Config): Rest {
  const read = (name: string) => readFileSync(join(folder, 'var', name), 'utf8')
  return new Rest(`https://${admin.address}:${admin.port}`, read('admin.token').trim(), read('admin.crt'))
}

function dhcpOf({ interfaces, ports }: Config): { address: string; port: number } {
  return { address: String(interfaces[0]?.address), port: ports.dhcp }
}

async function socketOf(t: ExecutionContext) {
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  await once(socket.bind(0, '127.0.0.1'), 'listening')
  return socket
}

async function send(t: ExecutionContext, { config }: Pick<Running, 'config'>, bytes: Uint8Array): Promise<void> {
  const { address, port } = dhcpOf(config)
  const socket = await socketOf(t)
  await new Promise((sent) => socket.send(bytes, port, address, sent))
}

/** DHCP's steps by outcome, as the metrics tell. */
async function countsOf(rest: Rest): Promise<Record<string, number>> {
  const { body } = await rest.open('/metrics')
  const steps = String(body.text).matchAll(/^tandem_steps_total\{protocol="dhcp",outcome="([a-z-]+)"\} (\d+)$/gm)
  return Object.fromEntries(Array.from(steps, ([, outcome, count]) => [outcome, Number(count)]))
}

/** As firmware does, and whoever switches the machine on again. */
async function persistently(attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
    }
  }
}
