import { type Life, mergeLife } from './lifecycle.ts'
import { mergeTrials, type Trials } from './loader-trials.ts'

/** The field of an op that says its entity is gone. */
export const DELETED = 'deleted'

/** A value that was written to a field: JSON text. `version` is `HLC/ORIGIN`, so that versions sort as text. */
export type Candidate = { readonly version: string; readonly value: string; readonly actor: string }

/** A write that builds on what its writer saw: the versions, parted by spaces. */
export type FieldWrite = Candidate & { readonly field: string; readonly base: string }

/** The values of an entity's fields, each list's latest first. More than one: written on both sides while they were apart. */
export type Document = Readonly<Record<string, readonly Candidate[]>>

/**
 * What a deletion's writer saw, by field. `true`: all, as a version wrote it that knew no pair. `false` takes deletions back.
 */
export type Deletion = Readonly<Record<string, string>> | boolean

/**
 * An entity after one more write. It takes the place of what its writer saw, and stands beside what was written elsewhere
 * meanwhile. The result is the same in whichever order the writes of two instances arrive, as long as each one's
 * own arrive in theirs; all of one's that arrive once more change nothing.
 */
export function written(document: Document, write: FieldWrite): Document {
  const { field, version, value, actor } = write
  const seen = write.base.split(' ')
  const rivals = (document[field] ?? []).filter((each) => each.version !== version && !seen.includes(each.version))
  // Who makes a deleted entity anew knows of the deletion.
  const deletions = (document[DELETED] ?? []).filter((each) => !seen.includes(each.version))
  return { ...document, [DELETED]: deletions, [field]: [...rivals, { version, value, actor }].sort(laterFirst) }
}

/** The versions that a write builds on. In a dispute that is the present value's alone: the others stay until somebody settles it. */
export function baseOf(entity: string, document: Document, field: string, settles: boolean): string {
  const present = document[field] ?? []
  if (field !== DELETED && isGone(document)) {
    const known = present.filter((each) => !isUnseen(document, field, each))
    return versionsOf([...(document[DELETED] ?? []), ...known])
  }
  return versionsOf(settles || !isDispute(entity, field, present) ? present : present.slice(0, 1))
}

/** The content of a deletion: what it takes along. */
export function deletionOf(document: Document): Deletion {
  const fields = Object.entries(document).filter(([field]) => field !== DELETED)
  return Object.fromEntries(fields.map(([field, candidates]) => [field, versionsOf(candidates)]))
}

/** Whether an entity is deleted, and nobody went on with it later. */
export function isGone(document: Document): boolean {
  const [deletion] = deletionsOf(document)
  if (deletion === undefined) return false
  return contentsOf(document).every(([, candidates]) => (candidates[0]?.version ?? '') < deletion.version)
}

/** What was written to a deleted entity by somebody who didn't know that it was, the latest of it. */
export function unseenByDeletion(document: Document): ({ readonly field: string } & Candidate) | undefined {
  if (deletionsOf(document).length === 0) return undefined
  const unseen = contentsOf(document).flatMap(([field, candidates]) =>
    candidates.filter((each) => isUnseen(document, field, each)).map((each) => ({ field, ...each }))
  )
  return unseen.sort(laterFirst)[0]
}

/**
 * The value that a field has: the latest; of those that only ever grow, what all of them make together.
 * @param candidates one at least, the latest first.
 */
export function presentValue(entity: string, field: string, candidates: readonly Candidate[]): string {
  const [latest, ...others] = candidates as [Candidate, ...Candidate[]]
  const join = others.length > 0 && entity === 'machine' ? JOINS[field] : undefined
  if (join === undefined) return latest.value
  return JSON.stringify(candidates.map(({ value }) => JSON.parse(value)).reduce((a, b) => join(a, b)))
}

/** Whether people have to choose between a field's values. */
export function isDispute(entity: string, field: string, candidates: readonly Candidate[]): boolean {
  if (candidates.length < 2 || field === DELETED) return false
  if (entity === 'machine' && TOLD_BY_MACHINES.has(field)) return false
  if (entity === 'machine' && field === 'life') return haveSeveralOrigins(candidates)
  return new Set(candidates.map(({ value }) => value)).size > 1
}

/** Whether nothing of an entity's history matters beside its values. */
export function isPlain(document: Document): boolean {
  return (document[DELETED] ?? []).length === 0 && contentsOf(document).every(([, { length }]) => length === 1)
}

const JOINS: Record<string, (a: unknown, b: unknown) => unknown> = {
  life: (a, b) => mergeLife(a as Life, b as Life),
  trials: (a, b) => mergeTrials(a as Trials, b as Trials)
}

/** What no person wrote: the later report counts. */
const TOLD_BY_MACHINES = new Set(['trials', 'facts'])

/** Reports raise a generation's rank on either side; only two generations that were started apart contend. */
function haveSeveralOrigins(candidates: readonly Candidate[]): boolean {
  return new Set(candidates.map(({ value }) => (JSON.parse(value) as Life).generation.origin)).size > 1
}

/** Those in force, the latest first. */
function deletionsOf(document: Document): readonly Candidate[] {
  return (document[DELETED] ?? []).filter(({ value }) => value !== 'false')
}

function contentsOf(document: Document): [string, readonly Candidate[]][] {
  return Object.entries(document).filter(([field, { length }]) => field !== DELETED && length > 0)
}

/** Whether none of an entity's deletions knew of a value. */
function isUnseen(document: Document, field: string, { version }: Candidate): boolean {
  return deletionsOf(document).every(({ value }) => {
    const seen = JSON.parse(value) as Deletion
    return typeof seen === 'object' && !(seen[field] ?? '').split(' ').includes(version)
  })
}

function versionsOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ version }) => version).join(' ')
}

function laterFirst(a: Candidate, b: Candidate): number {
  return a.version < b.version ? 1 : -1
}
