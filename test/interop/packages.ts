/**
 * Shows, on loopback and without privileges, what the npm packages `dhcp` and `tftp` do where a provisioning service
 * must do otherwise (docs/decisions/001-own-protocol-engines.md). Prints the table of that page; exits 1, with the
 * difference, when a claim no longer holds.
 */
import { DHCP_PROBES } from './dhcp-package.ts'
import type { Probe } from './probe.ts'
import { TFTP_PROBES } from './tftp-package.ts'

export const PROBES: readonly Probe[] = [...DHCP_PROBES, ...TFTP_PROBES]

/** A row of the table, in Markdown. */
export function row(probe: Probe): string {
  return `| ${[probe.package, probe.claim, probe.how, probe.seen].join(' | ')} |`
}

if (import.meta.main) {
  console.log('| package | claim | probe | seen |\n|---|---|---|---|')
  for (const probe of PROBES) {
    const seen = await probe.run()
    console.log(row({ ...probe, seen }))
    if (seen === probe.seen) continue
    console.error(`The claim above does not hold. Expected: ${probe.seen}`)
    process.exitCode = 1
  }
}
