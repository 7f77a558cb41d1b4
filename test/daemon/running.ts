import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { pino } from 'pino'
import { DhcpClient } from '../../src/cli/simulate/dhcp.ts'
import { PROFILES, type Profile } from '../../src/cli/simulate/profile.ts'
import type { Config } from '../../src/config.ts'
import { type Daemon, startDaemon } from '../../src/main.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Mac } from '../../src/net/mac.ts'
import { addNetbootFolder, loadersFolder, signedLoadersFolder, temporaryFolder } from './files.ts'
import { type MachineSide, machineSide } from './machine-side.ts'
import { Rest } from './rest.ts'

export type Running = {
  readonly config: Config
  readonly daemon: Daemon
  /** A folder of the test's own; `state` and `loaders` are in it. */
  readonly folder: string
  readonly token: string
  readonly rest: Rest
  /** Plain HTTP, as machines speak it. */
  readonly machines: MachineSide
  /** The log's lines so far. */
  readonly log: readonly { level: number; msg: string }[]
}

/** A daemon in this process, on a loopback address of its own, with fake loaders; it ends with the test. */
export async function startTandem(t: ExecutionContext, change: Partial<Config> = {}): Promise<Running> {
  const folder = temporaryFolder(t)
  const config = { ...(await configIn(folder)), ...change }
  const log: { level: number; msg: string }[] = []
  const logger = pino({ level: config.log, base: null }, { write: (line) => log.push(JSON.parse(line)) })
  const daemon = await startDaemon(config, logger, 'test')
  t.teardown(() => daemon.close())
  const read = (name: string) => readFileSync(join(config.state, name), 'utf8')
  const token = read('admin.token').trim()
  return {
    config,
    daemon,
    folder,
    token,
    rest: new Rest(daemon.adminUrl, token, read('admin.crt')),
    machines: machineSide(`http://${config.interfaces[0]?.address}:${config.ports.http}`),
    log
  }
}

/** Two daemons never share an address, so ports that were free stay so. */
export async function configIn(folder: string): Promise<Config> {
  const address = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}` as Ipv4
  const [http, admin, tftp, dhcp] = await freePorts(address)
  return {
    instance: 'a',
    state: join(folder, 'state'),
    log: 'info',
    interfaces: [{ name: 'lo', address }],
    ports: { http, tftp, dhcp },
    dhcp: 'authoritative',
    loaders: loadersFolder(folder),
    signedLoaders: signedLoadersFolder(folder),
    offers: 2,
    memory: 64 << 20,
    limits: { perClient: undefined, total: 4096 },
    admin: { address, port: admin }
  }
}

/** Two for TCP, two for UDP, all held until all are known: they differ. */
async function freePorts(address: string): Promise<[number, number, number, number]> {
  const servers = [createServer(), createServer()]
  const sockets = [createSocket('udp4'), createSocket('udp4')]
  for (const server of servers) await once(server.listen(0, address), 'listening')
  for (const socket of sockets) {
    socket.bind(0, address)
    await once(socket, 'listening')
  }
  const ports = [...servers.map((each) => each.address() as { port: number }), ...sockets.map((each) => each.address())]
  for (const each of [...servers, ...sockets]) await once(each.close(), 'close')
  return ports.map(({ port }) => port) as [number, number, number, number]
}

export const MAC = '52:54:00:00:00:0a'
export const SUBNET = {
  cidr: '10.77.0.0/24',
  gateway: '10.77.0.1',
  dns: ['10.77.0.1'],
  domain: 'example.org',
  pools: [{ from: '10.77.0.100', to: '10.77.0.199' }]
}

/** A daemon with a subnet, an image, a role and a machine of it, `web1`, whose install isn't requested yet. */
export async function startSite(t: ExecutionContext, change: Partial<Config> = {}): Promise<Running> {
  const running = await startTandem(t, change)
  const { rest, folder } = running
  await rest.created('/subnets', SUBNET)
  await rest.created('/images', await importedImage(rest, folder))
  await rest.created('/roles', { name: 'web', image: 'debian-12' })
  await rest.created('/machines', { name: 'web1', role: 'web', interfaces: [{ mac: MAC }] })
  return running
}

/** The fake netboot folder's files, uploaded; the image that names them. */
async function importedImage(rest: Rest, folder: string): Promise<object> {
  const { kernel, initrd } = addNetbootFolder(folder)
  for (const { sha256, bytes } of [kernel, initrd]) await rest.upload(sha256, bytes)
  const named = ({ name, sha256, bytes }: typeof kernel) => ({ name, sha256, size: bytes.length })
  return {
    name: 'debian-12',
    family: 'debian',
    release: 'bookworm',
    architecture: 'amd64',
    kernel: named(kernel),
    initrd: named(initrd)
  }
}

/** The machine's DHCP handshake, as iPXE does it through a relay agent. */
export async function handshake({ config: { interfaces, ports } }: Pick<Running, 'config'>, mac = MAC): Promise<void> {
  const loopback = '127.0.0.1' as Ipv4
  const server = { address: interfaces[0]?.address ?? loopback, port: ports.dhcp }
  const place = { servers: [server], relay: loopback, link: '10.77.0.0' as Ipv4 }
  const profile = PROFILES.find(({ firmware }) => firmware === 'ipxe') as Profile
  await new DhcpClient(place, mac as Mac, '00000000-0000-4000-8000-000000000000').lease(
    profile,
    'ipxe',
    () => undefined
  )
}
