/**
 * When a packet counts as lost: RFC 6298's estimate, with limits for boot networks. All times in milliseconds.
 */

/** What was measured; undefined before the first round trip. */
export type RoundTrip = { readonly smoothed: number; readonly variation: number } | undefined

/** A lost packet costs no less: below, the scheduling of a busy client would be taken for loss. */
export const SHORTEST_TIMEOUT = 50
export const LONGEST_TIMEOUT = 5000
/** Before anything was measured: firmware takes its time to open its side. */
const FIRST_TIMEOUT = 500

/** RFC 6298, section 2: the weights of a new measurement. */
export function measured(before: RoundTrip, milliseconds: number): RoundTrip {
  if (before === undefined) return { smoothed: milliseconds, variation: milliseconds / 2 }
  const { smoothed, variation } = before
  return {
    smoothed: smoothed + (milliseconds - smoothed) / 8,
    variation: variation + (Math.abs(milliseconds - smoothed) - variation) / 4
  }
}

/**
 * @param doublings how often it is doubled (RFC 6298, section 5.5).
 * @param agreed what the client asked for (RFC 2349): waited for until a round trip is measured, and never longer.
 */
export function timeoutAfter(roundTrip: RoundTrip, doublings: number, agreed?: number): number {
  if (agreed !== undefined && roundTrip === undefined) return agreed
  const base = roundTrip ? roundTrip.smoothed + 4 * roundTrip.variation : FIRST_TIMEOUT
  return Math.min(
    agreed ?? LONGEST_TIMEOUT,
    LONGEST_TIMEOUT,
    Math.max(SHORTEST_TIMEOUT, base) * 2 ** Math.min(doublings, 10)
  )
}
