import { basename } from 'node:path/posix'
import type { Inventory } from '../inventory/inventory.ts'
import type { BootStage, LeaseEdit } from '../inventory/lease.ts'
import type { Machine } from '../inventory/model.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { BootAnswer } from './answers.ts'
import type { Client, Grant } from './client.ts'
import type { DecisionFacts } from './identify.ts'

/** What an answer promises, or a client told. */
export type LeaseChange =
  | { kind: 'grant'; client: Client; grant: Pick<Grant, 'address' | 'leaseTime' | 'boot'> }
  | { kind: 'release' | 'decline'; client: Client; address: Ipv4 }

/** Seconds that nobody is given an address which another host was seen to use. */
export const QUARANTINE = 86_400

/**
 * Makes changes durable, in one transaction.
 * @returns those whose address went to somebody else since it was granted, with the reason.
 */
export async function commitLeases<T extends LeaseChange>(
  { inventory, leases }: Pick<DecisionFacts, 'inventory' | 'leases'>,
  changes: readonly T[]
): Promise<ReadonlyMap<T, string>> {
  const impossible = new Map<T, string>()
  const edits: LeaseEdit[] = []
  const made: T[] = []
  for (const change of changes) {
    const owner = inventory.machineByAddress(change.kind === 'grant' ? change.grant.address : change.address)
    const reason = objection(change, owner, inventory)
    if (reason === undefined) {
      edits.push(editOf(change, owner !== undefined && inventory.log.peer.has(owner.name)))
      made.push(change)
    } else {
      impossible.set(change, reason)
    }
  }
  const lost = await leases.apply(edits)
  for (const [edit, reason] of lost) impossible.set(made[edits.indexOf(edit)] as T, reason)
  return impossible
}

/** Why a lease can't be made any more. */
function objection(change: LeaseChange, owner: Machine | undefined, inventory: Inventory): string | undefined {
  if (change.kind !== 'grant' || owner === undefined) return undefined
  const { client, grant } = change
  if (inventory.claims.isContestedAddress(grant.address)) return undefined
  const isOwn = owner.interfaces.some(({ mac, ipv4 }) => mac === client.mac && ipv4 === grant.address)
  return isOwn ? undefined : `${grant.address} was given to ${owner.name} meanwhile`
}

/** @param fixed whether the address is a machine's own, as far as both instances know. */
function editOf(change: LeaseChange, fixed: boolean): LeaseEdit {
  if (change.kind !== 'grant') {
    const { kind, address } = change
    return kind === 'release' ? { kind, address } : { kind, address, seconds: QUARANTINE }
  }
  const { client, grant } = change
  return {
    kind: 'grant',
    address: grant.address,
    mac: client.mac,
    clientId: client.clientId,
    hostName: client.hostName,
    ...bootStage(client, grant.boot),
    seconds: grant.leaseTime,
    fixed
  }
}

function bootStage({ firmware }: Client, boot: BootAnswer | undefined): { stage: BootStage; loader?: string } {
  if (boot === undefined) return { stage: 'os' }
  if (firmware.name === 'ipxe') return { stage: 'ipxe' }
  return { stage: 'firmware', loader: basename(boot.kind === 'tftp' ? boot.file : boot.url) }
}
