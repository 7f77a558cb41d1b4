import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import test from 'ava'
import Database from 'better-sqlite3'
import { commandsOf } from '../cli/command.ts'
import { ip } from '../support/values.ts'
import { type Acknowledged, DhcpClients } from './dhcp-clients.ts'
import { eventually } from './eventually.ts'
import { serve, site } from './process.ts'

const ROUNDS = 5
/** How long clients ask before the daemon is killed, milliseconds: another moment of its work each time. */
const LOAD_MS = 150

test('killed under load, again and again: no acknowledged lease is lost, no address is given twice', async (t) => {
  t.timeout(ROUNDS * 60_000)
  const { folder, config } = await site(t)
  const at = { address: String(config.interfaces[0]?.address), port: config.ports.dhcp }
  const all: Acknowledged[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const { child } = await serve(t, folder)
    if (round === 0) {
      const tandem = commandsOf(join(folder, 'var'))
      await tandem('subnet', 'set', '10.9.0.0/16', '--pool', '10.9.1.0-10.9.250.255')
    }
    const clients = await DhcpClients.open(at, ip('10.9.0.1'), round * 1_000_000)
    clients.start(64)
    await eventually(t, (tt) => tt.true(clients.ledger.length > 0))
    await setTimeout(LOAD_MS + 37 * round)
    child.kill('SIGKILL')
    await once(child, 'exit')
    // What the daemon sent before it died is still on its way.
    await setTimeout(50)
    await clients.close()
    all.push(...clients.ledger)

    const held = leasesIn(join(folder, 'var', 'tandem.sqlite'))
    const lost = all.filter(({ mac, address }) => held.get(address) !== mac)
    t.deepEqual(lost, [], `round ${round}`)
  }
  t.is(new Set(all.map(({ address }) => address)).size, all.length)
})

/** Who holds each address, by what is on disk. */
function leasesIn(path: string): Map<string, string> {
  const db = new Database(path, { readonly: true })
  const rows = db.prepare("SELECT address, mac FROM lease WHERE state = 'bound'").raw().all() as [string, string][]
  db.close()
  return new Map(rows)
}
