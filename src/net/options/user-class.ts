import { counted, sequence } from './composites.ts'
import type { Kind } from './kinds.ts'
import { text } from './text.ts'

const counteds = sequence(counted(text), (rest) => 1 + (rest[0] as number))

/**
 * The classes of a client's user, each after a byte that counts its bytes (RFC 3004). iPXE sends plain `iPXE`
 * without one, as some operating systems do: one class.
 */
export const userClasses: Kind<readonly string[]> = {
  ...counteds,
  read: (bytes) => (isCounted(bytes) ? counteds.read(bytes) : [text.read(bytes)])
}

function isCounted(bytes: Uint8Array): boolean {
  let at = 0
  while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] as number)
  return at === bytes.length
}
