import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open } from 'node:fs/promises'

/** A program that runs until it ends by itself or is stopped. */
export type Running = {
  readonly pid: number
  /** Undefined while it runs; then the exit code, or null when a signal ended it. */
  exitCode(): number | null | undefined
  /** Asks it to end (SIGTERM), and after `patience` milliseconds makes it (SIGKILL); resolves when it is gone. */
  stop(patience?: number): Promise<void>
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>
}

/**
 * Starts a program in the background; standard output and error go to the file `log`.
 * @throws when the program can't be started.
 */
export async function start(argv: readonly string[], log: string): Promise<Running> {
  const [command = '', ...rest] = argv
  const output: FileHandle = await open(log, 'a')
  const child = spawn(command, rest, { stdio: ['ignore', output.fd, output.fd] })
  await once(child, 'spawn').finally(() => output.close())
  let code: number | null | undefined
  const gone = once(child, 'exit').then(([exitCode]) => {
    code = exitCode as number | null
  })
  const signal = (name: NodeJS.Signals) => code === undefined && child.kill(name)
  return {
    pid: child.pid as number,
    exitCode: () => code,
    async stop(patience = 5000) {
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), patience)
      await gone.finally(() => clearTimeout(timer))
    },
    async kill() {
      signal('SIGKILL')
      await gone
    }
  }
}

/**
 * Runs a program to its end and gives its standard output.
 * @throws with the command line and everything it printed, when it exits with other than 0.
 */
export async function run(argv: readonly string[]): Promise<string> {
  const [command = '', ...rest] = argv
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const [code] = await once(child, 'close')
  const text = Buffer.concat(output).toString()
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}\n${text}${Buffer.concat(errors).toString()}`)
  return text
}
