import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'

const PATIENCE_MS = 50_000

/** Asserts until all holds, for what comes a moment later; what fails at last is the test's failure. */
export async function eventually(t: ExecutionContext, assert: (t: ExecutionContext) => unknown): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const trial = await t.try((tt) => Promise.resolve(assert(tt)).then(() => undefined))
    if (trial.passed || performance.now() > deadline) return trial.commit()
    trial.discard()
    await sleep(20)
  }
}
