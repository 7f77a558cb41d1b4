import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../link.ts'
import { RELAY, SERVER } from './site.ts'

/** Of 2 seconds, with 50,000 clients. On two cores perfdhcp sends more with one thread than with its usual two. */
const TRIAL = ['-p', '2', '-R', '50000', '-g', 'single']
/** Per cent. */
const MOST_DROPS = 1
/** Until a server that was overrun has nothing more of the trial to answer. */
const recovery = () => sleep(500)
/** How near the found rate is to one that fails. */
const PRECISION = 1.06
const STEP = 1.4
/** The share of the rate asked for that perfdhcp must reach for more to be asked. */
const ENOUGH = 0.97
const FIRST_RATE = 8000
const RATES = { least: 50, most: 200_000 }

/** What perfdhcp reports of a trial. */
type Trial = {
  /** Complete exchanges a second. */
  readonly rate: number
  /** Per cent, of the worse of the two halves of an exchange. */
  readonly drops: number
}

/**
 * The highest rate of exchanges, a second, at which fewer than 1 % of the packets are unanswered after one second: steps
 * up or down from `guess`, then bisects.
 * @param command runs perfdhcp, which acts as a relay agent.
 * @param pause after a trial that overran the server.
 * @returns what was reached, which is less than what was asked for where perfdhcp can't send as much.
 */
export async function highestRate(
  command: readonly string[],
  relay: Pick<Host, 'run'>,
  { guess = FIRST_RATE, pause = recovery } = {}
): Promise<number> {
  let [below, above, reached] = [0, Number.POSITIVE_INFINITY, 0]
  let rate = guess
  while (above / below > PRECISION && rate > RATES.least && rate < RATES.most) {
    const { rate: achieved, drops } = await attempt(command, relay, Math.round(rate))
    if (drops < MOST_DROPS) reached = Math.max(reached, achieved)
    if (drops < MOST_DROPS && achieved > ENOUGH * rate) {
      below = rate
    } else {
      above = rate
      await pause()
    }
    rate = next(below, above)
  }
  return reached
}

function next(below: number, above: number): number {
  if (above === Number.POSITIVE_INFINITY) return below * STEP
  return below === 0 ? above / STEP : Math.sqrt(below * above)
}

async function attempt(command: readonly string[], relay: Pick<Host, 'run'>, rate: number): Promise<Trial> {
  const perfdhcp = [...command, '-4', '-r', String(rate), ...TRIAL, '-l', RELAY, SERVER]
  // It exits with 3 where packets were dropped.
  return parseTrial(await relay.run(['sh', '-c', '"$@" || [ $? = 3 ]', 'sh', ...perfdhcp]))
}

/** @throws when it is no report. */
export function parseTrial(report: string): Trial {
  const rate = /^Rate: ([\d.]+) 4-way exchanges\/second/m.exec(report)?.[1]
  const drops = Array.from(report.matchAll(/^drops ratio: ([\d.]+) %/gm), ([, ratio]) => Number(ratio))
  if (rate === undefined || drops.length !== 2) throw new Error(`not a report of perfdhcp:\n${report}`)
  return { rate: Number(rate), drops: Math.max(...drops) }
}
