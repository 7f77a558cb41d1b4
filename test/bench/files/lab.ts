import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import type { Running } from '../../e2e/lab/process.ts'
import { run } from '../../e2e/lab/process.ts'
import { waitFor } from '../../e2e/lab/wait.ts'
import { compile } from '../compile.ts'
import { DEVICE, type Link, makeLink } from '../link.ts'
import type { FileServer } from './servers.ts'
import { ADDRESS, CLIENT, clientAddresses, FILES, type FileName, LINK, LOCAL_CLIENT, MTU } from './site.ts'

/** What tftp.c prints. */
export type Transferred = {
  readonly bytes: number
  readonly seconds: number
  readonly gets: number
  readonly timeouts: number
  /** As the server agreed. */
  readonly blockSize: number
  readonly windowSize: number
}

/** What http.c prints. */
export type Fetched = { readonly bytes: number; readonly requests: number; readonly seconds: number }

/** Servers that serve the same files on one host, and the load for them on another. */
export type Lab = {
  readonly link: Link
  /** The files that are served. */
  readonly files: string
  readonly runs: number
  readonly progress: (line: string) => void
  server(server: FileServer): { readonly process: Running; readonly folder: string }
  /** tftp.c with these options. @throws when a byte was wrong, or the file didn't come. */
  tftp(server: FileServer, file: FileName, options: readonly (string | number)[]): Promise<Transferred>
  /** http.c on the servers' own host, over loopback. */
  http(server: Ipv4, path: string, connections: number, seconds: number): Promise<Fetched>
  /** Gets a URL of a server so often by curl, there too, over so many connections at once; gives the seconds. */
  curl(url: string, times: number, connections: number): Promise<number>
  remove(): Promise<void>
}

/** Starts the servers, and waits until each answers. */
export async function makeLab(
  servers: readonly FileServer[],
  { run: name, folder, runs, progress }: { run: string; folder: string; runs: number; progress: (line: string) => void }
): Promise<Lab> {
  const files = join(folder, 'files')
  await writeFiles(files)
  const tftpClient = await compile(join(import.meta.dirname, 'tftp.c'), folder)
  const httpClient = await compile(join(import.meta.dirname, 'http.c'), folder)
  const link = await makeLink(name, LINK, { server: ADDRESS.tandem, client: CLIENT })
  const running = new Map<FileServer, { process: Running; folder: string }>()
  const lab: Lab = {
    link,
    files,
    runs,
    progress,
    server(server) {
      const found = running.get(server)
      if (found === undefined) throw new Error(`${server.name} was not started`)
      return found
    },
    async tftp(server, file, options) {
      const words = ['-f', file, '-e', join(files, file), ...options.map(String)]
      const output = await link.client.run([tftpClient, ...words, server.address])
      return JSON.parse(output) as Transferred
    },
    async http(server, path, connections, seconds) {
      const words = ['-u', path, '-c', String(connections), '-t', String(seconds), '-a', LOCAL_CLIENT]
      return JSON.parse(await link.server.run([httpClient, ...words, server])) as Fetched
    },
    async curl(url, times, connections) {
      const words = ['--silent', '--fail', '--parallel', '--parallel-max', String(connections)]
      const gets = Array.from({ length: times }, () => ['--output', '/dev/null', url]).flat()
      const before = performance.now()
      await link.server.run(['curl', ...(connections > 1 ? words : words.slice(0, 2)), ...gets])
      return (performance.now() - before) / 1000
    },
    async remove() {
      for (const { process } of running.values()) await process.stop()
      await link.remove()
    }
  }
  try {
    await address(link)
    for (const server of servers) running.set(server, await serve(server, lab, join(folder, server.name)))
    return lab
  } catch (error) {
    await lab.remove()
    throw error
  }
}

async function writeFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, size] of Object.entries(FILES)) {
    // Bytes that tell their place: those of another block would show.
    const words = Uint32Array.from({ length: size / 4 }, (_, index) => Math.imul(index, 2654435761) ^ (index >>> 7))
    await writeFile(join(folder, name), new Uint8Array(words.buffer), { mode: 0o644 })
  }
}

async function address({ server, client }: Link): Promise<void> {
  const all = [
    ...Object.values(ADDRESS).map((each) => [server, each] as const),
    ...clientAddresses().map((each) => [client, each] as const)
  ]
  await server.run(['ip', 'addr', 'add', `${LOCAL_CLIENT}/32`, 'dev', 'lo'])
  for (const [host, each] of all) await host.run(['ip', 'addr', 'replace', `${each}/16`, 'dev', DEVICE])
  for (const host of [server, client]) await host.run(['ip', 'link', 'set', DEVICE, 'mtu', String(MTU)])
}

async function serve(server: FileServer, lab: Lab, folder: string) {
  await mkdir(folder, { recursive: true })
  const log = join(folder, 'server.log')
  const command = await server.configure(lab.files, folder)
  const process = await lab.link.server.start(command, log)
  await waitFor(`${server.name} answers`, 30, async () => {
    if (process.exitCode() !== undefined) throw new Error(`${command.join(' ')}: ended\n${await readFile(log, 'utf8')}`)
    const asking =
      server.address === ADDRESS.nginx
        ? lab.http(server.address, '/small.bin', 1, 0.1)
        : lab.tftp(server, 'small.bin', ['-b', 1468])
    return asking.then(
      () => true,
      () => false
    )
  })
  return { process, folder }
}

/** The SHA-256 of what a URL gives. */
export async function hashOfUrl(lab: Lab, url: string): Promise<string> {
  const output = await lab.link.server.run(['sh', '-c', 'curl --silent --fail "$0" | sha256sum', url])
  return output.slice(0, 64)
}

export async function hashOfFile(path: string): Promise<string> {
  return (await run(['sha256sum', path])).slice(0, 64)
}
