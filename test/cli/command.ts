import type { Context } from '../../src/cli/context.ts'
import { run } from '../../src/cli/run.ts'

/** What a command printed, and its exit status. */
export type Ran = { status: number; out: string; err: string }

const NO_BINARY: Context['binary'] = {
  isTerminal: false,
  write() {
    throw new Error('no command but `capture --output -` writes bytes')
  }
}

/** Runs a command line in this process. @param env nothing is taken from this process's. */
export async function tandem(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  binary: Context['binary'] = NO_BINARY
): Promise<Ran> {
  const out: string[] = []
  const err: string[] = []
  const status = await run(args, {
    output: { line: (text) => out.push(text) },
    errors: { line: (text) => err.push(text) },
    binary,
    env
  })
  return { status, out: out.join('\n'), err: err.join('\n') }
}

/** The same for the daemon whose state folder this is: the text that was printed. @throws unless it exits with 0. */
export function commandsOf(state: string) {
  return async (...args: string[]): Promise<string> => {
    const { status, out, err } = await tandem(['--state', state, ...args])
    if (status !== 0) throw new Error(`tandem ${args.join(' ')}: exit ${status}: ${err}`)
    return out
  }
}
