import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ipv4 } from '../../net/ipv4.ts'
import { Client, findAccess } from '../client.ts'
import { CommandFailed } from '../errors.ts'
import { freePorts, type Ports } from './free-ports.ts'
import { LinkProxy } from './link-proxy.ts'

/** Milliseconds. */
const START_MS = 30_000
const POLL_MS = 50

export type Instance = {
  readonly name: 'a' | 'b'
  readonly address: Ipv4
  readonly client: Client
  readonly process: ChildProcess
}

/** Two instances on loopback, without privileges, in a folder of their own. */
export type EmbeddedPair = {
  readonly a: Instance
  readonly b: Instance
  readonly ports: Ports
  /** What the pair's link goes through. */
  readonly link: LinkProxy
  close(): Promise<void>
}

/** @param binary the program that starts an instance. */
export async function startPair(binary: string): Promise<EmbeddedPair> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-drill-'))
  const ports = await freePorts(['127.0.0.1', '127.0.0.2'])
  const link = await LinkProxy.listen({ address: '127.0.0.1', port: ports.pair })
  const running: ChildProcess[] = []
  const close = async () => {
    await Promise.all(running.map(end))
    link.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const a = await startInstance('a', '127.0.0.1', link.address, folder, ports, binary, running)
    const b = await startInstance('b', '127.0.0.2', link.address, folder, ports, binary, running)
    const { code } = await a.client.json<{ code: string }>('POST', '/pair/invite')
    await b.client.json('POST', '/pair/join', { address: link.address, code })
    for (const { client } of [a, b]) await untilState(client, 'NORMAL')
    return { a, b, ports, link, close }
  } catch (error) {
    await close()
    throw error
  }
}

export async function untilState(client: Client, state: string): Promise<void> {
  const end = Date.now() + START_MS
  while (Date.now() < end) {
    const status = await client.json<{ state: string }>('GET', '/pair').catch(() => undefined)
    if (status?.state === state) return
    await sleep(POLL_MS)
  }
  throw new CommandFailed(`the embedded pair didn't become ${state} in ${START_MS / 1000} s`)
}

async function startInstance(
  name: 'a' | 'b',
  address: string,
  peer: string,
  folder: string,
  ports: Ports,
  binary: string,
  running: ChildProcess[]
): Promise<Instance> {
  const state = join(folder, name)
  const config = join(folder, `${name}.yaml`)
  const lines = [
    `instance: ${name}`,
    `state: ${state}`,
    'log: warn',
    'provisioning:',
    `  interfaces: [{ name: lo, address: ${address} }]`,
    `  http: ${ports.http}`,
    `  tftp: ${ports.tftp}`,
    `  dhcp: { port: ${ports.dhcp} }`,
    `admin: { listen: '${address}:${ports.admin}' }`,
    // The second instance opens the link: through what stands between the two.
    `pair: { listen: '${address}:${ports.pair + (name === 'a' ? 1 : 0)}', peer: '${name === 'a' ? `127.0.0.2:${ports.pair}` : peer}' }`
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  const child = spawn(binary, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer) => {
      said = `${said}${text}`.slice(-2000)
    })
  }
  const end = Date.now() + START_MS
  while (Date.now() < end && child.exitCode === null) {
    try {
      const client = new Client(findAccess(state, {}))
      await client.json('GET', '/pair')
      return { name, address: address as Ipv4, client, process: child }
    } catch {
      await sleep(POLL_MS)
    }
  }
  throw new CommandFailed(`instance ${name} didn't start: ${said.trim().split('\n').at(-1) ?? 'it said nothing'}`)
}

/** One frozen is let go first: it couldn't take note of the signal. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  const gone = once(child, 'exit')
  await Promise.race([gone, sleep(3000)])
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await gone
  }
}
