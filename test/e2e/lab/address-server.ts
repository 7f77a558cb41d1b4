import type { Host } from './host.ts'
import type { Lab } from './lab.ts'

const ADDRESS = '10.77.0.2'

/** The command line of somebody else's DHCP server, dnsmasq: it gives addresses and nothing to boot. */
export function addressServer(device: string, prefix: string): string[] {
  const files = ['--conf-file=/dev/null', '--pid-file', '--leasefile-ro']
  const range = `--dhcp-range=${prefix}.150,${prefix}.199,1h`
  const options = ['--port=0', '--no-ping', `--interface=${device}`, range, `--dhcp-option=3,${prefix}.1`]
  return ['dnsmasq', '--keep-in-foreground', '--log-dhcp', ...files, ...options]
}

/** Starts one on Tandem's own segment, on a host of its own: 10.77.0.2. */
export async function startAddressServer(lab: Lab): Promise<Host> {
  const host = await lab.host('52:54:00:00:03:02')
  await host.execute(['ip', 'addr', 'add', `${ADDRESS}/24`, 'dev', 'eth0'])
  await host.start(addressServer('eth0', '10.77.0'))
  return host
}
