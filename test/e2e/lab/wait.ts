import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again, four times a second, until `probe` gives something other than undefined or false, and gives that.
 * @throws when `seconds` have passed, naming what was waited for.
 */
export async function waitFor<Found>(
  what: string,
  seconds: number,
  probe: () => Promise<Found | undefined | false>
): Promise<Found> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain: ${what}`)
    await sleep(250)
  }
}
