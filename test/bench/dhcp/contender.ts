import type { Host } from '../link.ts'
import type { Site } from './site.ts'

/** A DHCP server to be measured, in the configuration that suits it best. */
export type Contender = {
  readonly name: string
  /** With the name: `Kea 2.2.0`. */
  version(): Promise<string>
  /** Makes in a folder what the server's state is to be copied from at every start, where that takes long. */
  prepare?(folder: string, site: Site, host: Host): Promise<void>
  /**
   * Writes the configuration into a folder, which also takes the leases.
   * @returns the command that serves the site, in the foreground, as one process.
   */
  configure(folder: string, site: Site): Promise<readonly string[]>
}
