import { ADDRESS_RULES, type AddressRules, type Standing } from '../../src/pair/address-rules.ts'
import type { Faults } from './node.ts'

/** Rules that are wrong on purpose, one each: the simulator has to find every one of them out. */
export const MUTANTS: Readonly<Record<string, Faults>> = {
  'asynchronous acknowledgement': { asynchronous: true },
  'no address shares': withRules({
    mayAllocate: (standing, _own, ...rest) => ADDRESS_RULES.mayAllocate(standing, true, ...rest)
  }),
  'reuse of expired addresses in COMM_INT': withRules({
    mayAllocate: (standing, own, last, now, terms) =>
      standing.mode === 'apart'
        ? own && (last === undefined || last.expiresAt <= now)
        : ADDRESS_RULES.mayAllocate(standing, own, last, now, terms)
  }),
  'no MCLT': withRules({
    latestEnd: (standing, last, now, terms) =>
      standing.mode === 'apart' ? now + terms.longestLease : ADDRESS_RULES.latestEnd(standing, last, now, terms)
  }),
  'PARTNER_DOWN without waiting': withRules({
    mayAllocate: (standing, own, last, now, terms) =>
      standing.mode === 'sole'
        ? last === undefined || last.expiresAt <= now
        : ADDRESS_RULES.mayAllocate(standing, own, last, now, terms)
  }),
  'a stale instance made sole without waiting': withRules({
    solitude: (before, fenced, now, terms) =>
      ADDRESS_RULES.solitude(
        before,
        fenced,
        now,
        before.mode === 'restarted' ? { ...terms, longestLease: 0, autonomy: 0 } : terms
      )
  }),
  'allocation by an isolated restarted instance': withRules({
    mayAllocate: (standing, own, last, now, terms) =>
      standing.mode === 'restarted'
        ? own && (last === undefined || last.expiresAt <= now)
        : ADDRESS_RULES.mayAllocate(standing, own, last, now, terms),
    latestEnd: (standing, last, now, terms) =>
      standing.mode === 'restarted' ? now + terms.mclt : ADDRESS_RULES.latestEnd(standing, last, now, terms)
  }),
  'unbounded renewal by one': withRules({
    latestEnd: (standing, last, now, terms) =>
      isAlone(standing) && last !== undefined
        ? now + terms.longestLease
        : ADDRESS_RULES.latestEnd(standing, last, now, terms)
  }),
  'endless autonomy': withRules({
    mayAllocate: (standing, ...rest) => ADDRESS_RULES.mayAllocate(withoutLimit(standing), ...rest),
    latestEnd: (standing, ...rest) => ADDRESS_RULES.latestEnd(withoutLimit(standing), ...rest)
  }),
  'an installer without the disk guard': { unguarded: true }
}

function withRules(rules: Partial<AddressRules>): Faults {
  return { rules: { ...ADDRESS_RULES, ...rules } }
}

function isAlone({ mode }: Standing): boolean {
  return mode === 'apart' || mode === 'restarted'
}

function withoutLimit(standing: Standing): Standing {
  return standing.mode === 'apart' ? { ...standing, confirmedAt: Number.POSITIVE_INFINITY } : standing
}
