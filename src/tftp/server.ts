import { Worker } from 'node:worker_threads'
import { NoSuchFile } from '../net/confined.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { loadLibc } from '../net/libc.ts'
import { Bell } from '../net/poller.ts'
import { bindingOf, bindSocket } from '../net/socket.ts'
import type { ReportStep } from '../net/step.ts'
import type { TransferWatcher, WatchTransfer } from '../net/transfer-watch.ts'
import type { BootFiles } from './files.ts'
import { DEFAULT_LIMITS, type TftpLimits } from './limits.ts'
import { ListenFailed } from './listen.ts'
import type { FromThread, ThreadData, Told, ToThread } from './messages.ts'
import type { FileAnswer } from './surroundings.ts'

export type TftpOptions = {
  /** Addresses of this machine; transfers answer from them too, each from a port of its own. */
  readonly addresses: readonly Ipv4[]
  /** 0: any; it then differs between addresses. */
  readonly port: number
  readonly files: BootFiles
  /** Told when a request is answered and when its transfer ends; of stray datagrams at level debug. */
  readonly report: ReportStep
  /** Told of each transfer from the first block that was taken. */
  readonly watch: WatchTransfer
  readonly limits?: Partial<TftpLimits>
  /** Bytes of files that are kept ready to be sent. */
  readonly memory?: number
  /** The thread has ended by itself: nothing is served any more. */
  readonly broken: (error: Error) => void
}

export type TftpServer = {
  /** By address, in their order. */
  readonly ports: readonly number[]
  /** Ends all transfers at once, telling their clients; resolves when the last socket is closed. */
  close(): Promise<void>
}

const DEFAULT_MEMORY = 64 << 20
/** MiB of the thread's own heap: thousands of transfers and their clients take a tenth. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 }

/**
 * A read-only TFTP server (engine.ts) in a thread of its own, which keeps the packets of transfers away from everything else.
 * @throws {ListenFailed} when a port can't be had; then none is held.
 */
export function start({ addresses, port, limits, memory = DEFAULT_MEMORY, ...daemon }: TftpOptions): TftpServer {
  const { files, report, watch, broken } = daemon
  const libc = loadLibc()
  const listeners: { fd: number; local: Ipv4 }[] = []
  const closeAll = () => {
    for (const { fd } of listeners.splice(0)) libc.close(fd)
  }
  for (const address of addresses) {
    try {
      listeners.push({ fd: bindSocket(libc, { address, port }), local: address })
    } catch (error) {
      closeAll()
      throw new ListenFailed({ address, port }, error as NodeJS.ErrnoException)
    }
  }
  const ports = listeners.map(({ fd }) => bindingOf(libc, fd)?.port ?? port)
  const bell = new Bell(libc)
  const data: ThreadData = { listeners, bell: bell.fd, limits: { ...DEFAULT_LIMITS, ...limits }, memory }
  const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data, resourceLimits: LIMITS })
  const watchers = new Map<number, TransferWatcher>()
  const ended = Promise.withResolvers<void>()
  let stopped = false
  let fault = new Error('the TFTP thread has ended')
  thread.on('message', receive)
  thread.on('error', (error) => {
    fault = error instanceof Error ? error : new Error(String(error))
  })
  thread.on('exit', () => {
    const byItself = !stopped
    stopped = true
    for (const watcher of watchers.values()) watcher.ended(false)
    closeAll()
    bell.close()
    ended.resolve()
    if (byItself) broken(fault)
  })
  return { ports, close }

  function say(message: ToThread): void {
    if (stopped) return
    thread.postMessage(message)
    bell.ring()
  }

  function receive(message: FromThread): void {
    let steps = 0
    for (const told of message.told) {
      if (told.type === 'step') steps += 1
      take(told)
    }
    if (message.stopped) stopped = true
    else if (steps > 0) say({ type: 'seen', steps })
  }

  function take(told: Told): void {
    switch (told.type) {
      case 'ask':
        find(told.file, told.client, told.server).then((answer) => say({ type: 'answer', number: told.number, answer }))
        return
      case 'step':
        report(told.step)
        return
      case 'began':
        watchers.set(told.number, watch(told.start))
        return
      case 'reached':
        watchers.get(told.number)?.reached(told.bytes)
        return
      case 'ended':
        watchers.get(told.number)?.ended(told.complete)
        watchers.delete(told.number)
    }
  }

  async function find(name: string, client: Ipv4, server: Ipv4): Promise<FileAnswer> {
    try {
      return { file: await files.open(name, client, server) }
    } catch (error) {
      const { message } = error as Error
      return error instanceof NoSuchFile ? { missing: message } : { fault: message }
    }
  }

  function close(): Promise<void> {
    say({ type: 'stop', reason: 'the server is stopping' })
    return ended.promise
  }
}
