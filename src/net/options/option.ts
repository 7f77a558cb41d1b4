import type { Kind } from './kinds.ts'

/** An option, or a sub-option of one. */
export type Option<T> = {
  readonly code: number
  /** As operators write it: `domain-name-servers`. */
  readonly name: string
  readonly kind: Kind<T>
  /** The section that defines it. */
  readonly source: string
  /** Why no administrator can set it, where that is so. */
  readonly reserved?: string
}

export function option<T>(code: number, name: string, kind: Kind<T>, source: string, reserved?: string): Option<T> {
  return { code, name, kind, source, ...(reserved && { reserved }) }
}
