import type { Ipv4 } from './ipv4.ts'

/** An address and a UDP port. */
export type Endpoint = { readonly address: Ipv4; readonly port: number }
