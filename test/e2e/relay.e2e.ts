import test from 'ava'
import { installsThenBootsItsDisk } from './lab/install.ts'
import { inLab } from './lab/lab.ts'
import { dhcrelay, makeRelayedSegments } from './lab/relay.ts'

test(
  "behind a relay: an address and a gateway of the machine's own subnet, and the same installer",
  inLab(async (t, lab) => {
    const [network] = await makeRelayedSegments(lab, dhcrelay)
    await installsThenBootsItsDisk(t, lab, 'bios-ipxe', { network, subnet: '10.78.0.0/24' })
    const { interfaces } = await lab.tandem.machine('node-1')
    t.regex(interfaces[0]?.ipv4 ?? '', /^10\.78\.0\./)
  })
)
