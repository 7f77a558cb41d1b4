/** How soon what is noticed, in milliseconds. The simulator has its own, so that hours pass with few events. */
export type Timing = {
  /** Between two signs of life. */
  readonly beat: number
  /** Without a sign of life for so long the other instance counts as silent. */
  readonly silence: number
  /** An acknowledgement that takes longer is waited for no more: the write is told as not replicated. */
  readonly slow: number
  /** A turn of the event loop that took longer says nothing about the other instance: what it sent is still to be read. */
  readonly ownDelay: number
  /** So soon a living instance answers when it is asked. */
  readonly answer: number
  /** Whoever was heard so shortly ago isn't down. */
  readonly recent: number
}

export const TIMING: Timing = { beat: 100, silence: 1000, slow: 1500, ownDelay: 400, answer: 40, recent: 10_000 }
