import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** One claim about a foreign package and the means to see whether it is true. */
export type Probe = {
  readonly package: 'dhcp' | 'tftp'
  /** What is wrong, with the rule it breaks. */
  readonly claim: string
  readonly how: string
  /** What {@link run} returns while the claim holds. */
  readonly seen: string
  run(): Promise<string>
}

/** A package's server in a process of its own, which a probe may end. */
export type ForeignServer = {
  readonly process: ChildProcess
  /** UDP, on 127.0.0.1. */
  readonly port: number
  /** Settles when the process has ended, with what it died of. */
  readonly ended: Promise<string>
}

/** Ends a server that neither answers nor dies. */
const LIFETIME_MS = 30_000

/**
 * Runs a script of this folder for as long as `use` takes. The script sends `{ port }` once it listens.
 * @throws {Error} when it ends before it listens.
 */
export async function withServer<T>(script: string, argument: string, use: (server: ForeignServer) => Promise<T>) {
  const child = fork(new URL(script, import.meta.url), [argument], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: LIFETIME_MS
  })
  const ended = untilEnd(child)
  try {
    const started = await Promise.race([once(child, 'message'), ended])
    if (typeof started === 'string') throw new Error(`${script} did not start: ${started}`)
    const [{ port }] = started as [{ port: number }]
    return await use({ process: child, port, ended })
  } finally {
    child.kill()
    await ended
  }
}

async function untilEnd(child: ChildProcess): Promise<string> {
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  const error = /^\w*Error\b.*$/m.exec(log)?.[0] ?? `${signal ?? `exit code ${code}`} without an error`
  return `the process ends: ${error}`
}
