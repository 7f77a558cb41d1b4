import type { Inventory } from './inventory/inventory.ts'
import { subnetFrom } from './inventory/normalize.ts'

/** What the embedded default begins with, so that a simulated machine has a network to be on. */
const SUBNET = {
  cidr: '10.77.0.0/24',
  name: 'simulated',
  gateway: '10.77.0.1',
  domain: 'example.org',
  pools: [{ from: '10.77.0.100', to: '10.77.0.199' }]
}

/** Gives an inventory that nobody has written to its first subnet. */
export async function addEmbeddedSubnet(inventory: Inventory): Promise<void> {
  const draft = inventory.draft()
  draft.putSubnet(subnetFrom(SUBNET))
  await inventory.commit(draft, 'first start')
}
