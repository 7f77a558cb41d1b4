import type { PairState } from './states.ts'
import type { Timing } from './timing.ts'

/** What people may say of the other instance, and why they can't say it. */

/**
 * @param silentFor milliseconds since it was heard last.
 * @param isWhole whether this instance has the whole inventory.
 * @returns why the other instance can't be down.
 */
export function objectionToPartnerDown(
  state: PairState,
  {
    peer,
    silentFor,
    fenced,
    isWhole,
    timing
  }: { peer: string; silentFor: number; fenced: boolean; isWhole: boolean; timing: Timing }
): string | undefined {
  if (silentFor < (fenced ? timing.silence : timing.recent))
    return `${peer} was heard ${(silentFor / 1000).toFixed(1)} s ago`
  const before = 'before' in state ? state.before : undefined
  if (before === 'new' && !isWhole) return 'this instance never had the whole inventory: it can serve nobody'
  // The other one may go on giving out all addresses, for it never counted on this one.
  if (before === 'new')
    return `this instance was never in step with ${peer}, and knows not all that ${peer} gave out: if that is gone for good, restore a backup of this one (\`tandem backup\`) in an empty state folder`
  if (before === 'first') return `${peer} was never in step: this instance gives out all addresses as it is`
  return undefined
}

/**
 * @param wait milliseconds by which what the other instance gave lasts longer than is known.
 * @returns why it can't be forgotten: it may still serve somebody.
 */
export function objectionToForget(state: PairState, wait: number, now: number): string | undefined {
  // It was never in step with this one, and so gave nobody an address.
  if (state.name === 'COMM_INT' && state.before === 'first') return undefined
  if (state.name !== 'PARTNER_DOWN') return 'say first that the other instance is down: `tandem pair partner-down`'
  const until = state.solitude.othersUntil + wait
  if (now >= until) return undefined
  return `what the other instance has given out may be in use until ${new Date(until).toISOString()}`
}
