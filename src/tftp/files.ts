import type { Ipv4 } from '../net/ipv4.ts'

/** A boot file opened for one transfer. */
export interface BootFile {
  /** Bytes. */
  readonly size: number
  /** Reads `length` bytes at `offset`, fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** What the TFTP side needs from the rest of Tandem. */
export interface BootFiles {
  /** @throws {NoSuchFile} (net/confined.ts) when there is no such file for this client. */
  open(name: string, client: Ipv4): Promise<BootFile>
}
