import { AsyncLocalStorage } from 'node:async_hooks'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { Random } from './world.ts'

const source = new AsyncLocalStorage<Random>()
const real = crypto.randomBytes

/** Has everything that runs within draw its random bytes from a source: a seed reproduces origins, marks and tokens too. */
export function withRandomBytes<T>(random: Random, run: () => T): T {
  return source.run(random, run)
}

function randomBytes(size: number): Buffer {
  const random = source.getStore()
  return random === undefined ? real(size) : Buffer.from(Array.from({ length: size }, () => random.between(0, 255)))
}

crypto.randomBytes = randomBytes as typeof crypto.randomBytes
syncBuiltinESMExports()
