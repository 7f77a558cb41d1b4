import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** What a scenario stands on. */
export type Ground = {
  /** A temporary folder. */
  readonly folder: string
  /** The name of a network namespace for something of this scenario's own. */
  namespace(name: string): string
  /** Has what was made removed at the end, whatever happens: what was made last goes first. */
  keep<Made extends { remove(): Promise<void> }>(made: Made): Made
}

/**
 * Makes a test of a scenario. scripts/e2e takes down what a killed process left: it goes by the names, which start with `tandem-e2e-` and
 * the run's number. The time limits are generous: other work on the same cores slows emulation down several times,
 * and a machine that boots takes no longer for a late limit.
 * @param minutes that it may take.
 */
export function onGround(scenario: (t: ExecutionContext, ground: Ground) => Promise<void>, minutes = 15) {
  return async (t: ExecutionContext): Promise<void> => {
    t.timeout(minutes * 60_000)
    const run = `tandem-e2e-${process.env.TANDEM_E2E_RUN ?? process.pid}`
    const id = randomBytes(3).toString('hex')
    const folder = join(tmpdir(), run, id)
    const made: { remove(): Promise<void> }[] = []
    try {
      await mkdir(folder, { recursive: true })
      await scenario(t, {
        folder,
        namespace: (name) => `${run}-${id}-${name}`,
        keep(each) {
          made.push(each)
          return each
        }
      })
    } finally {
      for (const each of made.reverse()) await each.remove()
    }
  }
}
