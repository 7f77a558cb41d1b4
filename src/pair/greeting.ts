import type { Vector } from '../inventory/oplog.ts'
import { type Hello, OLDEST_PROTOCOL, PROTOCOL } from './messages.ts'

/** What follows from the other instance's hello. */
export type Verdict =
  | { readonly kind: 'too-far-apart' }
  /** It knows more of this one's writes than this one: a copy of this state folder was put back. */
  | { readonly kind: 'rolled-back' }
  | { readonly kind: 'nobody-whole' }
  /**
   * @property isNew it has nothing that was acknowledged before: all leases have to be sent.
   * @property needsAll it lacks what the log doesn't have any more: the whole inventory has to be sent.
   * @property known the last of this one's ops that it has.
   */
  | { readonly kind: 'welcome'; readonly isNew: boolean; readonly needsAll: boolean; readonly known: number }

/** What this instance brings along. */
export type Self = {
  readonly origin: string
  /** The number of its last op. */
  readonly seq: number
  readonly seen: Vector
  readonly isWhole: boolean
  /** The origin of the other instance that has had all leases of here. */
  readonly toldOrigin: string
  /** Whether the log still has the op after a number, or there is none. */
  readonly hasSince: (seq: number) => boolean
}

export function judge(hello: Hello, self: Self): Verdict {
  if (hello.protocol < OLDEST_PROTOCOL || PROTOCOL < hello.oldest) return { kind: 'too-far-apart' }
  const known = hello.seen[self.origin] ?? 0
  if (known > self.seq) return { kind: 'rolled-back' }
  if (!self.isWhole && !hello.isWhole) return { kind: 'nobody-whole' }
  const lacksOthers = Object.entries(self.seen).some(
    ([origin, seq]) => origin !== self.origin && origin !== hello.origin && (hello.seen[origin] ?? 0) < seq
  )
  return {
    kind: 'welcome',
    isNew: hello.origin !== self.toldOrigin || !hello.isWhole,
    needsAll: self.isWhole && (!hello.isWhole || lacksOthers || !self.hasSince(known)),
    known
  }
}
