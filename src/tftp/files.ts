import type { Ipv4 } from '../net/ipv4.ts'
import type { SteadyFile } from '../net/steady-file.ts'

/** A boot file: one on disk, or text made for this one client. */
export type BootFile = SteadyFile | { readonly bytes: Uint8Array }

/** What the TFTP side needs from the rest of Tandem. */
export interface BootFiles {
  /**
   * @param server this instance's address that the client asked at.
   * @throws {NoSuchFile} (net/confined.ts) when there is no such file for this client.
   */
  open(name: string, client: Ipv4, server: Ipv4): Promise<BootFile>
}
