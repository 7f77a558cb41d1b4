import type { Now } from './inventory/clock.ts'

/** The wall clock as it is now, and from then on by the time that passes: setting the clock changes nothing. */
export function steadyClock(): Now {
  const start = Date.now() - performance.now()
  return () => Math.round(start + performance.now())
}
