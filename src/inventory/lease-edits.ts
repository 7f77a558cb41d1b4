import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { Lease, LeaseEdit, LeaseGrant } from './lease.ts'
import { nextVersion } from './lease-merge.ts'

type Circumstances = {
  readonly owner: string
  readonly now: number
  /** The number of the last change before these. */
  readonly change: number
  /** The end that the other instance has on disk for a lease's client. */
  readonly knownUntil: (lease: Lease) => number
}

/**
 * What edits make of the leases, one after the other. Ends of leases that there aren't change nothing.
 * @param latest an address's lease, whatever became of it.
 * @returns the leases that change, in the order of the changes' numbers, and the grants that can't be made, with the reason.
 */
export function editLeases(
  edits: readonly LeaseEdit[],
  latest: (address: Ipv4) => Lease | undefined,
  circumstances: Circumstances
): { leases: readonly Lease[]; lost: Map<LeaseEdit, string> } {
  const leases = new Map<Ipv4, Lease>()
  const lost = new Map<LeaseEdit, string>()
  for (const edit of edits) {
    const { address } = edit
    const before = leases.get(address) ?? latest(address)
    if (edit.kind !== 'grant') {
      if (before !== undefined) leases.set(address, ended(before, edit, circumstances))
    } else if (edit.fixed || !isOthers(before, edit.mac, circumstances.now)) {
      leases.set(address, granted(edit, before, circumstances))
    } else {
      lost.set(edit, `${address} went to another client meanwhile`)
    }
  }
  const numbered = [...leases.values()].map((lease, index) => ({ ...lease, change: circumstances.change + 1 + index }))
  return { leases: numbered, lost }
}

/** Whether an address is under a lease of somebody else than a client, or in a use that nobody gave it. */
export function isOthers(lease: Lease | undefined, mac: Mac, now: number): boolean {
  return lease !== undefined && lease.expiresAt > now && (lease.state === 'declined' || lease.mac !== mac)
}

function granted(grant: LeaseGrant, before: Lease | undefined, { owner, now, knownUntil }: Circumstances): Lease {
  const same = before?.mac === grant.mac ? before : undefined
  // Texts that are there already are kept: equal new ones for each renewal take memory again and again.
  return {
    address: before?.address ?? grant.address,
    mac: same?.mac ?? grant.mac,
    clientId: kept(same?.clientId, grant.clientId),
    hostName: kept(same?.hostName, grant.hostName),
    state: 'bound',
    stage: grant.stage ?? 'os',
    loader: loaderOf(grant, same),
    startedAt: same?.startedAt ?? now,
    grantedAt: now,
    expiresAt: now + grant.seconds * 1000,
    owner,
    version: nextVersion(before?.version ?? 0, same !== undefined),
    change: 0,
    knownUntil: same && same.state === 'bound' ? knownUntil(same) : 0
  }
}

/** A release keeps the client's name on the lease: it gets the address again if it comes back before others need it. */
function ended(before: Lease, edit: Exclude<LeaseEdit, { kind: 'grant' }>, { now, knownUntil }: Circumstances): Lease {
  const known = { version: nextVersion(before.version, true), change: 0, knownUntil: knownUntil(before) }
  return edit.kind === 'release'
    ? { ...before, ...known, state: 'released', expiresAt: Math.min(now, before.expiresAt) }
    : { ...before, ...known, state: 'declined', expiresAt: now + edit.seconds * 1000 }
}

/** iPXE that follows a firmware's handshake was loaded by it. */
function loaderOf(grant: LeaseGrant, before: Lease | undefined): string | null {
  if (grant.stage === 'firmware') return grant.loader ?? null
  return grant.stage === 'ipxe' && before?.stage === 'firmware' ? before.loader : null
}

/** The text that was there before, if it is the same. */
function kept(before: string | null | undefined, text: string | undefined): string | null {
  return before !== undefined && before === (text ?? null) ? before : (text ?? null)
}
