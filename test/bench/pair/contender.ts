import type { Ipv4 } from '../../../src/net/ipv4.ts'
import type { Running } from '../../e2e/lab/process.ts'
import type { Contender } from '../dhcp/contender.ts'
import { SERVER } from '../dhcp/site.ts'
import type { Hosts } from './hosts.ts'

/** One server, or two that stand in for each other. */
export type Contestant = {
  readonly name: string
  version(): Promise<string>
  /** Whom a relay agent sends to. */
  readonly servers: readonly Ipv4[]
  /** Starts it on the hosts and waits until it serves, and two are in step. The first process is the first server's. */
  start(hosts: Hosts, folder: string): Promise<readonly Running[]>
}

/** A server by itself, on the host a. */
export function alone(contender: Contender, site: Parameters<Contender['configure']>[1]): Contestant {
  return {
    name: `${contender.name} alone`,
    version: () => contender.version(),
    servers: [SERVER],
    async start({ a }, folder) {
      await contender.prepare?.(folder, site, a)
      return [await a.start(await contender.configure(folder, site), `${folder}/server.log`)]
    }
  }
}
