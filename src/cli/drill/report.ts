import type { Booted, Writer } from './boots.ts'

export const FAULTS = ['kill', 'freeze', 'cut'] as const
export type Fault = (typeof FAULTS)[number]

export type Report = {
  readonly fault: Fault | 'drain'
  readonly boots: number
  readonly bootsLost: number
  /** Machines that had to be switched on again. */
  readonly secondPowerOns: number
  readonly writes: number
  readonly writesLost: number
  /** Until a client of the instance that failed was answered by the other one. */
  readonly secondsToFirstAnswer: number
}

/** What became of a drill's boots and writes. @param seconds to the first answer. */
export function reportOf(drill: {
  readonly fault: Report['fault']
  readonly booted: readonly Booted[]
  readonly writers: readonly Writer[]
  readonly writesLost: number
  readonly seconds: number
}): Report {
  const { fault, booted, writers, writesLost, seconds } = drill
  return {
    fault,
    boots: booted.length,
    bootsLost: booted.filter(({ outcome }) => outcome === undefined).length,
    secondPowerOns: booted.filter(({ powerOns }) => powerOns > 1).length,
    writes: writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    writesLost,
    secondsToFirstAnswer: Math.round(seconds * 1000) / 1000
  }
}
