import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KnownPeer } from './pair/joining.ts'
import type { Identity } from './pair/link.ts'

/** What an instance keeps of its pair beside the inventory: its certificate and key, and the other's certificate. */
export type PairFile = {
  readonly identity: Identity
  readonly peer?: KnownPeer
  /** It left its pair: it serves nobody until it joins again. */
  readonly left?: boolean
}

const FILE = 'pair.json'

/** Reads the file in the state folder; makes it, with a new certificate, where there is none. Its mode is 0600. */
export async function readPairFile(state: string, address: string, now: number): Promise<PairFile> {
  const path = join(state, FILE)
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as PairFile
  // Loaded only now: each later start does without the libraries.
  const { makeCertificate } = await import('./certificate.ts')
  const made: PairFile = { identity: await makeCertificate(address, now) }
  writePairFile(state, made)
  return made
}

/** Whole or not at all. */
export function writePairFile(state: string, file: PairFile): void {
  const path = join(state, FILE)
  const partial = `${path}.${randomBytes(4).toString('hex')}`
  writeFileSync(partial, JSON.stringify(file), { mode: 0o600, flush: true })
  renameSync(partial, path)
}
