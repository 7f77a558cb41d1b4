import test from 'ava'
import { startAddressServer } from './lab/address-server.ts'
import { bound, udhcpc } from './lab/dhcp-clients.ts'
import { inLab } from './lab/lab.ts'
import { startTandem, type Tandem } from './lab/tandem.ts'
import { waitFor } from './lab/wait.ts'

test(
  'another DHCP server is told of once, by what a client takes from it, and after a start by its answer to the probe',
  inLab(async (t, lab) => {
    const { network, tandem, folder } = lab
    await startAddressServer(lab)
    // Tandem knows no subnet yet: it has nothing to offer.
    for (const mac of ['52:54:00:00:01:0a', '52:54:00:00:01:0b']) {
      const host = await lab.host(mac)
      await udhcpc.start(host)
      t.is((await bound(udhcpc, host, '10.77.0')).server, '10.77.0.2')
    }
    t.regex(
      await told(tandem, 1),
      /^REQUEST to 10\.77\.0\.2 -> nothing: another DHCP server, 10\.77\.0\.2, gives addresses on br0/
    )
    t.regex(await tandem.log(), /"level":"warn".*another DHCP server, 10\.77\.0\.2/)

    await tandem.stop()
    const again = await startTandem({ networks: [network], mode: 'authoritative' }, folder)
    t.regex(
      await told(again, 2),
      /^an OFFER to the probe -> nothing: another DHCP server, 10\.77\.0\.2, gives addresses on br0/
    )
    t.deepEqual(await again.leases('--all'), [])
    await again.stop()
  })
)

/** The latest event that tells of another server, once there are so many. */
async function told(tandem: Tandem, count: number): Promise<string> {
  return waitFor(`${count} events tell of another server`, 60, async () => {
    const events = (await tandem.events().catch(() => [])).filter(({ message }) =>
      message.includes('another DHCP server')
    )
    if (events.length > count) throw new Error(`it was told ${events.length} times`)
    return events.length === count && events.at(-1)?.message
  })
}
