/** The stages that an installer reports, in the order of merging: an attempt never goes back. `offered` is Tandem's own. */
export const STAGES = ['fetched', 'partitioning', 'installing', 'failed', 'installed'] as const
export type Stage = (typeof STAGES)[number]
