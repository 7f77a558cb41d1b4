/** The loaders that a UEFI machine can be sent, as an administrator names them. */
export const LOADER_CHOICES = ['auto', 'ipxe', 'grub'] as const
export type LoaderPreference = (typeof LOADER_CHOICES)[number]

/**
 * How a machine's firmware took to iPXE, as far as it matters. Two instances that were apart merge it: neither part
 * ever goes back.
 */
export type Trials = {
  /** When a boot's firmware had taken all of iPXE, and no iPXE came of it; later than `ipxeAt`, rising, the latest few. */
  readonly refusedAt: readonly number[]
  /** When iPXE was seen although there had been refusals; 0: never. All in milliseconds since the epoch. */
  readonly ipxeAt: number
}

export const UNTRIED: Trials = { refusedAt: [], ipxeAt: 0 }

/** Refusals that are remembered: more tell nothing more. */
const KEPT = 4

export function withRefusal(trials: Trials, at: number): Trials {
  return mergeTrials(trials, { refusedAt: [at], ipxeAt: 0 })
}

/** iPXE runs: what was taken for refusals before was something else. */
export function withIpxe(trials: Trials, at: number): Trials {
  return mergeTrials(trials, { refusedAt: [], ipxeAt: at })
}

/** What both know. Commutative, associative and idempotent. */
export function mergeTrials(a: Trials, b: Trials): Trials {
  const ipxeAt = Math.max(a.ipxeAt, b.ipxeAt)
  const refusedAt = [...new Set([...a.refusedAt, ...b.refusedAt])].filter((at) => at > ipxeAt)
  return { refusedAt: refusedAt.sort((one, other) => one - other).slice(-KEPT), ipxeAt }
}
