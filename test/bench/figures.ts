/** A comparison of medians, as `--json` prints it. */
export type Figure = {
  readonly bench: string
  readonly point: string
  readonly unit: string
  readonly tandem: number
  /** Another server, Tandem under other circumstances, or `target`: what Tandem is to keep below or above. */
  readonly peer: string
  readonly peerValue: number
  /** Above 1: Tandem is better. Null where Tandem's value is 0, the best there is, and the peer's is not. */
  readonly ratio: number | null
}

/** What is measured at a point. */
export type Metric = { readonly unit: string; readonly better: 'higher' | 'lower' }

/** What one run measured, by metric. */
export type Sample<Name extends string> = Readonly<Record<Name, number>>

/** The name of the contender that the others are compared with. */
export const TANDEM = 'Tandem'

/**
 * The medians of Tandem's samples beside those of each other contender, metric by metric.
 * @throws when there are none of Tandem.
 */
export function compare<Name extends string>(
  at: { readonly bench: string; readonly point: string },
  metrics: Readonly<Record<Name, Metric>>,
  samples: ReadonlyMap<string, readonly Sample<Name>[]>
): Figure[] {
  const peers = Array.from(samples).filter(([name]) => name !== TANDEM)
  const median = (name: string, metric: Name) => medianOf((samples.get(name) ?? []).map((sample) => sample[metric]))
  return (Object.entries(metrics) as [Name, Metric][]).flatMap(([name, metric]) =>
    peers.map(([peer]) => figure(at, metric, median(TANDEM, name), peer, median(peer, name)))
  )
}

/** One comparison. */
export function figure(
  { bench, point }: { readonly bench: string; readonly point: string },
  { unit, better }: Metric,
  tandem: number,
  peer: string,
  peerValue: number
): Figure {
  const [dividend, divisor] = better === 'higher' ? [tandem, peerValue] : [peerValue, tandem]
  return { bench, point, unit, tandem, peer, peerValue, ratio: ratioOf(dividend, divisor) }
}

function ratioOf(dividend: number, divisor: number): number | null {
  if (dividend === divisor) return 1
  return divisor === 0 ? null : dividend / divisor
}

/** @throws where there are no values. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  if (low === undefined || high === undefined) throw new RangeError('no median of nothing')
  return (low + high) / 2
}
