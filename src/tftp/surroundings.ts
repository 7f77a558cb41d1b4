import type { Channel } from '../net/datagrams.ts'
import type { Endpoint } from '../net/endpoint.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Step } from '../net/step.ts'
import type { TransferStart } from '../net/transfer-watch.ts'
import type { BootFile } from './files.ts'

/** What the engine needs of its thread, and of the daemon beyond. None of it waits. */
export type Surroundings = {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Opens a port of its own for a transfer: its TID (RFC 1350, section 4). @throws an error with the system's `code`. */
  open(local: Ipv4, client: Endpoint, ears: Ears): TransferChannel
  /** Sends from the listening port. */
  reply(local: Ipv4, bytes: Uint8Array, client: Endpoint): void
  /** Asks for a file; the engine's `answer` is called with the number later, or never, when it is stopped before. */
  ask(number: number, file: string, client: Ipv4, server: Ipv4): void
  report(step: Step): void
  /** A transfer's way, as TransferWatcher has it. */
  began(number: number, start: TransferStart): void
  reached(number: number, bytes: number): void
  ended(number: number, complete: boolean): void
}

export interface TransferChannel extends Channel {
  sendTo(bytes: Uint8Array, to: Endpoint): void
  /** Has {@link Ears.room} called once there is. */
  awaitRoom(): void
}

/** What a transfer is told of its port. */
export type Ears = {
  /** A datagram from the client. */
  heard(bytes: Uint8Array): void
  /** One from anybody else. */
  overheard(bytes: Uint8Array, from: Endpoint): void
  /** ICMP says that nobody takes the packets. */
  gone(): void
  /** The system takes packets again. */
  room(): void
}

/** What came of asking for a file. */
export type FileAnswer = { readonly file: BootFile } | { readonly missing: string } | { readonly fault: string }
