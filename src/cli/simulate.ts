import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Command } from 'commander'
import { type Cidr, type Ipv4, networkAddress } from '../net/ipv4.ts'
import { type Context, clientOf, macOf } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'
import { PROFILES } from './simulate/profile.ts'

type Simulation = {
  server: Ipv4
  /** The other instance of a pair. */
  peer: { address: Ipv4; dhcp: number } | null
  ports: { dhcp: number; tftp: number }
  subnet: Cidr | null
}
type Entry = { seconds: number; protocol: string; text: string }

export function simulateCommand(program: Command, context: Context): void {
  const names = PROFILES.map(({ firmware }) => firmware)
  program
    .command('simulate')
    .description(
      'play a machine against the running service: DHCP, TFTP, script, files, install file, reports. It is a boot like any other: a requested install counts as done afterwards. `explain` and `render` have no effect'
    )
    .requiredOption('--mac <mac>')
    .option('--firmware <firmware>', `${names.join(', ')}`, 'bios')
    .option('--json', 'the timeline as JSON')
    .action(
      async ({ mac: text, firmware, json }: { mac: string; firmware: string; json?: boolean }, command: Command) => {
        const profile = PROFILES.find((each) => each.firmware === firmware)
        if (!profile) throw new UsageError(`--firmware "${firmware}" is none of ${names.join(', ')}`)
        const mac = macOf(text)
        const client = clientOf(command, context)
        const { server, peer, ports, subnet } = await client.json<Simulation>('GET', `/simulations/${mac}`)
        const relay = relayOf(await ownAddressTowards(server))
        await client.json('POST', '/simulations', { mac, address: relay })
        if (subnet === null)
          throw new CommandFailed('there is no subnet that the machine could be on: `tandem subnet set 10.77.0.0/24`')

        // The daemon, which has this command too, does without.
        const { SimulatedMachine } = await import('./simulate/machine.ts')
        const timeline: Entry[] = []
        const start = performance.now()
        const seen = (protocol: string, text: string) => {
          const entry = { seconds: Math.round(performance.now() - start) / 1000, protocol, text }
          timeline.push(entry)
          if (!json) context.output.line(`${entry.seconds.toFixed(3).padStart(8)} s  ${protocol.padEnd(4)}  ${text}`)
        }
        const place = {
          servers: [
            { address: server, port: ports.dhcp },
            ...(peer ? [{ address: peer.address, port: peer.dhcp }] : [])
          ],
          relay,
          link: networkAddress(subnet),
          tftpPort: ports.tftp
        }
        const outcome = await new SimulatedMachine(place, profile, mac, seen).boot().catch((error: Error) => error)
        const stopped = outcome instanceof Error ? outcome.message : undefined
        if (json)
          context.output.line(
            JSON.stringify(
              {
                mac,
                firmware,
                timeline,
                outcome: stopped === undefined ? outcome : 'stopped',
                ...(stopped ? { reason: stopped } : {})
              },
              null,
              2
            )
          )
        else if (stopped === undefined)
          context.output.line(outcome === 'installed' ? `${mac} is installed` : `${mac} boots from its disk`)
        if (outcome instanceof CommandFailed)
          throw new CommandFailed(`the machine would have stopped here: ${outcome.message}`)
        if (outcome instanceof Error) throw outcome
      }
    )
}

/** On loopback the instances have addresses of their own; what comes from one of these is taken for theirs. */
function relayOf(own: Ipv4): Ipv4 {
  return own.startsWith('127.') ? ('127.255.255.254' as Ipv4) : own
}

/** The address of this host that packets to the service leave from. */
async function ownAddressTowards(server: Ipv4): Promise<Ipv4> {
  const socket = createSocket('udp4')
  try {
    socket.connect(9, server)
    await once(socket, 'connect')
    return socket.address().address as Ipv4
  } catch (error) {
    throw new CommandFailed(`${server} can't be reached from here: ${(error as Error).message}`)
  } finally {
    socket.close()
  }
}
