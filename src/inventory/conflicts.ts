import { InventoryError } from './errors.ts'
import type { Inventory } from './inventory.ts'
import { type Candidate, DELETED, type Document, isDispute, isGone, unseenByDeletion } from './merge.ts'
import type { EntityKind, Machine } from './model.ts'
import type { Change } from './oplog.ts'

/** One of the values between which somebody has to choose. */
export type ConflictValue = {
  /** What was written; of a deletion `deleted`, of a claim the machine's name. */
  readonly value: unknown
  /** The instance that it was written on, and by whom; null where nobody knows. */
  readonly instance: string | null
  readonly actor: string | null
  /** Milliseconds since the epoch, by that instance's clock. */
  readonly time: number | null
  /** Whether it is what counts until somebody chooses. */
  readonly present: boolean
}

/** What was written on both sides while they were apart, or claimed for two machines. */
export type Conflict = {
  /** `machine/web1/role`; `mac/52:54:00:00:00:0a`. */
  readonly id: string
  readonly kind: EntityKind | 'mac' | 'ipv4'
  readonly key: string
  readonly field: string
  readonly values: readonly ConflictValue[]
}

/** All that is unsettled, in the order of the ids: the same on both instances. */
export function listConflicts(inventory: Inventory): Conflict[] {
  const disputes = inventory.disputes().flatMap(({ kind, key }) => {
    const document = inventory.log.fields.document(kind, key)
    return disputedFields(kind, document).map((field) => conflictOf(kind, key, field, document))
  })
  const claims = inventory.claims.contests().map(({ what, value, machines }): Conflict => {
    const values = machines.map((name) => ({ value: name, instance: null, actor: null, time: null, present: false }))
    return { id: `${what}/${value}`, kind: what, key: value, field: what, values }
  })
  return [...disputes, ...claims].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** The fields of an entity that people have to choose a value for; `deleted`: whether it is to be there. */
export function disputedFields(kind: EntityKind, document: Document): string[] {
  const fields = Object.entries(document)
    .filter(([field, candidates]) => isDispute(kind, field, candidates))
    .map(([field]) => field)
  return unseenByDeletion(document) ? [...fields, DELETED] : fields
}

/** Why nothing should be installed on a machine yet: a sentence. */
export function disputeOf(inventory: Inventory, machine: Machine): string | undefined {
  const fields = inventory.disputedFields('machine', machine.name).filter((field) => field !== 'labels')
  const settle = 'settle it: `tandem pair conflicts`'
  if (fields.length > 0)
    return `${fields.join(', ')} of ${machine.name} ${fields.length > 1 ? 'were' : 'was'} written on both instances while they were apart: ${settle}`
  const [claim] = inventory.claims.contestsOf(machine)
  if (claim) return `${claim.value} is claimed by ${claim.machines.join(' and ')}: ${settle}`
  if (machine.role !== null && inventory.get('role', machine.role) === undefined)
    return `its role ${machine.role} was deleted on the other instance: \`tandem machine set ${machine.name} --role ROLE\``
  return undefined
}

/**
 * Settles a conflict.
 * @param choice which of its values is kept, from 1.
 * @throws {InventoryError} `not-found`, `invalid`.
 */
export async function settle(
  inventory: Inventory,
  id: string,
  choice: number,
  actor: string
): Promise<{ replicated: boolean }> {
  const conflict = listConflicts(inventory).find((each) => each.id === id)
  if (conflict === undefined)
    throw new InventoryError('not-found', `there is no conflict ${id}: \`tandem pair conflicts\``)
  const chosen = conflict.values[choice - 1]
  if (chosen === undefined) {
    throw InventoryError.invalid([{ field: 'keep', message: `choose from 1 to ${conflict.values.length}` }])
  }
  const { kind, key, field } = conflict
  if (kind === 'mac' || kind === 'ipv4') return settleClaim(inventory, conflict, chosen.value as string, actor)
  const value = field === DELETED ? chosen.value === DELETED : chosen.value
  const change: Change = { entity: kind, key, field, value, settles: true }
  return inventory.settle(change, actor, `conflict ${id} settled: ${JSON.stringify(chosen.value)} is kept`)
}

/** The other machines lose what they claim: an interface, or its address, in whose place another one is chosen. */
function settleClaim(inventory: Inventory, { kind, key, values }: Conflict, kept: string, actor: string) {
  const draft = inventory.draft()
  for (const { value } of values) {
    const machine = inventory.need('machine', value as string)
    if (machine.name === kept) continue
    if (kind === 'mac') {
      draft.putReported({ ...machine, interfaces: machine.interfaces.filter(({ mac }) => mac !== key) })
    } else {
      const interfaces = machine.interfaces.map((each) => (each.ipv4 === key ? { ...each, ipv4: null } : each))
      draft.putMachine({ ...machine, interfaces })
    }
  }
  return inventory.commit(draft, actor)
}

function conflictOf(kind: EntityKind, key: string, field: string, document: Document): Conflict {
  const id = `${kind}/${key}/${field}`
  if (field !== DELETED) {
    const values = (document[field] ?? []).map((each, index) =>
      conflictValue(each, JSON.parse(each.value), index === 0)
    )
    return { id, kind, key, field, values }
  }
  const gone = isGone(document)
  const deletion = document[DELETED]?.[0] as Candidate
  const { field: edited, ...edit } = unseenByDeletion(document) as { field: string } & Candidate
  const values = [
    conflictValue(deletion, DELETED, gone),
    conflictValue(edit, { [edited]: JSON.parse(edit.value) }, !gone)
  ]
  return { id, kind, key, field, values }
}

function conflictValue({ version, actor }: Candidate, value: unknown, present: boolean): ConflictValue {
  const [hlc = '', origin = ''] = version.split('/')
  const instance = origin.replace(/-[0-9a-f]{6}$/, '')
  return { value, instance, actor: actor === '' ? null : actor, time: Number(hlc.split('.')[0]), present }
}
