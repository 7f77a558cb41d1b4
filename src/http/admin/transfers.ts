import { Type } from 'typebox'
import type { Ipv4 } from '../../net/ipv4.ts'
import type { Mac } from '../../net/mac.ts'
import { macOf } from '../mac.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

/** A boot file on its way to a machine. */
export type TransferView = {
  /** Of this instance, since its start. */
  readonly number: number
  readonly protocol: 'tftp' | 'http'
  readonly address: Ipv4
  readonly mac: Mac | null
  readonly machine: string | null
  /** Its name, without folders. */
  readonly file: string
  /** Bytes of the file, and those that have left. */
  readonly size: number
  readonly bytes: number
  readonly percent: number
  /** Bytes a second, of late. */
  readonly rate: number
  /** RFC 3339. */
  readonly startedAt: string
  /** `complete`: the client took it to the last byte; `ended`: it did not. */
  readonly state: 'running' | 'complete' | 'ended'
}

/** Who knows of the transfers. */
export interface TransferList {
  /** Those that go on, and those that ended within the last seconds. */
  list(): readonly TransferView[]
}

/** Whether a transfer is that machine's, or that MAC's; undefined: anybody's. */
export function isOf(
  { machine, mac }: TransferView,
  wanted: string | undefined,
  wantedMac: string | undefined
): boolean {
  return (wanted === undefined || machine === wanted) && (wantedMac === undefined || mac === wantedMac)
}

/** `/transfers`: which boot files are on their way, and how far. */
export function transferRoutes(app: AdminApp, { transfers }: AdminOptions): void {
  const querystring = Type.Object(
    { machine: Type.Optional(Type.String()), mac: Type.Optional(Type.String()) },
    { additionalProperties: false }
  )
  const description = 'The boot files that are on their way, and those that arrived within the last seconds.'
  app.get('/transfers', { schema: { tags: ['events'], querystring, description } }, ({ query }) => {
    const mac = query.mac === undefined ? undefined : macOf(query.mac)
    return { items: transfers.list().filter((each) => isOf(each, query.machine, mac)) }
  })
}
