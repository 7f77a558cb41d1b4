import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { bound, udhcpc } from './lab/dhcp-clients.ts'
import type { Host } from './lab/host.ts'
import { inLab } from './lab/lab.ts'
import type { Network } from './lab/network.ts'
import { SITE } from './lab/site.ts'
import { waitFor } from './lab/wait.ts'

/** Seconds within which a change of an interface is told of, and served. */
const SERVED_AGAIN = 3
/** What DHCP's sockets are bound to, and their receive buffers: twice 4 MiB, as Linux doubles what it is asked for. */
const SOCKETS = ['0.0.0.0%br0:67', '0.0.0.0%br0b:67', '10.77.0.1:67', '10.80.0.1:67'].map((at) => `${at} rb8388608`)
const PROGRAM = resolve(import.meta.dirname, '../../bin/tandem')
const ACTIVATE = join(import.meta.dirname, 'lab/activate.ts')
const LOADER = 'undionly.kpxe'

test(
  'an interface that is deleted and made again is served again within seconds, the other one without a gap',
  inLab(async (t, lab) => {
    const { network, secondNetwork, tandem } = lab
    await tandem.apply(SITE)
    const [first, second] = [await lab.host('52:54:00:00:01:0a'), await lab.host('52:54:00:00:01:0b', secondNetwork)]
    const { address } = await leaseOf(second, '10.80.0')
    t.deepEqual(await dhcpSockets(network), SOCKETS)

    const others = askingOnAndOn(first)
    await network.run(['ip', 'link', 'delete', 'br0b'])
    await logged(tandem.log, 'interface br0b is gone: it was deleted', SERVED_AGAIN)
    await sleep(1000)
    await second.cutPower()
    await makeBridge(secondNetwork)
    await logged(tandem.log, 'interface br0b is back, serving 10.80.0.1', SERVED_AGAIN)
    await second.plug(secondNetwork)
    t.is((await leaseOf(second, '10.80.0')).address, address)
    const { asked, unanswered } = await others.end()
    t.true(asked > 5)
    t.is(unanswered, 0)

    t.deepEqual(await dhcpSockets(network), SOCKETS, 'none is left of the interface that was')
    await servesFiles(t, second, secondNetwork)
  })
)

test(
  "an interface that is down or has lost its address is told of; one that has only lost its carrier isn't gone",
  inLab(async (t, lab) => {
    const { network, secondNetwork, tandem } = lab
    await tandem.apply(SITE)
    const host = await lab.host('52:54:00:00:01:0b', secondNetwork)
    const ip = (...args: string[]) => network.run(['ip', ...args])

    await ip('addr', 'del', '10.80.0.1/24', 'dev', 'br0b')
    await logged(tandem.log, 'interface br0b is gone: it has no address 10.80.0.1', SERVED_AGAIN)
    await ip('addr', 'add', '10.80.0.1/24', 'dev', 'br0b')
    await logged(tandem.log, 'interface br0b is back, serving 10.80.0.1', SERVED_AGAIN)
    await leaseOf(host, '10.80.0')
    await servesFiles(t, host, secondNetwork)

    await ip('link', 'set', 'br0b', 'down')
    await logged(tandem.log, 'interface br0b is gone: it is down', SERVED_AGAIN)
    await ip('link', 'set', 'br0b', 'up')
    await logged(tandem.log, 'interface br0b is back, serving 10.80.0.1', SERVED_AGAIN, 2)

    await host.cutPower()
    await ip('link', 'set', 'h52540000010b', 'down')
    await waitFor('the bridge has no carrier', 5, async () => (await ip('link', 'show', 'br0b')).includes('NO-CARRIER'))
    await sleep(SERVED_AGAIN * 1000)
    t.is((await tandem.log()).match(/br0b is gone/g)?.length, 2)
    await host.plug(secondNetwork)
    await leaseOf(host, '10.80.0')
  })
)

test(
  'without any capability DHCP is served on sockets that were passed; for an interface that is made anew that is not enough',
  inLab(async (t, lab) => {
    const { folder, network, secondNetwork, tandem } = lab
    await tandem.apply(SITE)
    await tandem.stop()
    const config = join(folder, 'tandem.yaml')
    const unprivileged = (await readFile(config, 'utf8'))
      .replace('http: 80', 'http: 8080')
      .replace('tftp: 69', 'tftp: 6969')
    await writeFile(config, unprivileged)
    const interfaces = [network, secondNetwork].map(({ bridge, address }) => ({ name: bridge, address }))
    const serve = [PROGRAM, 'serve', '--config', config]
    const log = join(folder, 'passed.log')
    const daemon = await network.start([process.execPath, ACTIVATE, JSON.stringify(interfaces), ...serve], log)
    const read = () => readFile(log, 'utf8')
    await logged(read, 'serving machines on br0 10.77.0.1, br0b 10.80.0.1: DHCP 67, TFTP 6969, HTTP 8080', 60)

    t.deepEqual(await dhcpSockets(network), SOCKETS)
    const [first, second] = [await lab.host('52:54:00:00:01:0a'), await lab.host('52:54:00:00:01:0b', secondNetwork)]
    await leaseOf(first, '10.77.0')
    await leaseOf(second, '10.80.0')

    await network.run(['ip', 'link', 'delete', 'br0b'])
    await makeBridge(secondNetwork)
    const why = 'UDP port 67 needs the capability CAP_NET_BIND_SERVICE'
    await logged(read, `interface br0b is back, but not served; it is tried again each second: ${why}`, SERVED_AGAIN)
    await first.cutPower()
    await leaseOf(first, '10.77.0')
    await daemon.stop()
  })
)

async function leaseOf(host: Host, prefix: string) {
  const running = await udhcpc.start(host)
  const lease = await bound(udhcpc, host, prefix)
  await running.kill()
  return lease
}

/** A host that gets a lease anew all the time, by one packet each: a lost one is an unanswered one. */
function askingOnAndOn(host: Host) {
  let [asked, unanswered, ended] = [0, 0, false]
  const once = ['busybox', 'udhcpc', '-f', '-q', '-n', '-t', '1', '-T', '5', '-i', 'eth0', '-s', '/bin/true']
  const asking = (async () => {
    while (!ended) {
      asked += 1
      await host.execute(once).catch(() => (unanswered += 1))
    }
  })()
  return {
    async end() {
      ended = true
      await asking
      return { asked, unanswered }
    }
  }
}

async function makeBridge({ bridge, address, run }: Network): Promise<void> {
  await run(['ip', 'link', 'add', bridge, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0'])
  await run(['ip', 'addr', 'add', `${address}/24`, 'dev', bridge])
  await run(['ip', 'link', 'set', bridge, 'up'])
}

/** Waits until the daemon has logged a message so many times. */
async function logged(log: () => Promise<string>, message: string, seconds: number, times = 1): Promise<void> {
  await waitFor(message, seconds, async () => (await log()).split(`"msg":"${message}`).length > times)
}

async function dhcpSockets(network: Network): Promise<string[]> {
  const lines = (await network.run(['ss', '-HlunmO', 'sport', '=', ':67'])).trim().split('\n')
  return lines.map((line) => `${line.split(/\s+/)[3]} ${/rb\d+/.exec(line)}`).toSorted()
}

/** TFTP and HTTP at the network's address, to a host there. */
async function servesFiles(t: ExecutionContext, host: Host, { address }: Network): Promise<void> {
  const file = join('/usr/lib/ipxe', LOADER)
  const got = join(host.run, LOADER)
  await host.execute(['busybox', 'tftp', '-g', '-r', LOADER, '-l', got, address])
  t.deepEqual(await readFile(got), await readFile(file))
  await host.execute(['busybox', 'wget', '-q', '-O', got, `http://${address}/boot/loaders/${LOADER}`])
  t.deepEqual(await readFile(got), await readFile(file))
}
