import type { Figure } from './figures.ts'

/** What there is to measure, under one name. */
export type Bench = {
  readonly points: readonly string[]
  run(options: BenchOptions): Promise<{ readonly figures: readonly Figure[]; readonly versions: readonly string[] }>
}

export type BenchOptions = {
  readonly points: readonly string[]
  /** How often each figure is measured; the median counts. */
  readonly runs: number
  /** Takes the state and the logs of what runs. */
  readonly folder: string
  /** Begins the names of the network namespaces. */
  readonly run: string
  /** Tells how far it is. */
  readonly progress: (line: string) => void
}
