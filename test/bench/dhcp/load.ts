import type { Host } from '../link.ts'
import { RELAY, SERVER } from './site.ts'

/** What load.c prints. */
export type LoadResult = {
  /** Complete ones, without those of the warm-up. */
  readonly exchanges: number
  readonly seconds: number
  /** Exchanges a second. */
  readonly rate: number
  /** Of whole exchanges, in microseconds. */
  readonly latencyUs: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number }
  readonly withWarmup: number
  /** Packets without an answer in time. */
  readonly lost: number
  readonly naks: number
  /** Packets that belong to no exchange. */
  readonly strays: number
  readonly addresses: number
  /** Addresses acknowledged to a second client while the first one's lease ran. */
  readonly duplicates: number
}

/** Runs the load generator `program` against the server; load.c tells the options. */
export async function load(program: string, relay: Host, options: readonly string[]): Promise<LoadResult> {
  const output = await relay.run([program, '-r', RELAY, ...options, SERVER])
  return JSON.parse(output) as LoadResult
}
