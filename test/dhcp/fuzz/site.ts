import type { ExecutionContext } from 'ava'
import { act } from '../../../src/inventory/actions.ts'
import { inPool } from '../../../src/inventory/addresses.ts'
import { globalFrom } from '../../../src/inventory/normalize.ts'
import { classFrom } from '../../../src/inventory/normalize-class.ts'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import { type Mac, macToBytes } from '../../../src/net/mac.ts'
import { type Boot, installable, openBoot } from '../../support/boot.ts'
import { change, machine, OWN, role, subnet } from '../../support/inventory.ts'
import { ip, mac } from '../../support/values.ts'

/** This instance's addresses on its two interfaces. */
export const SERVERS = [OWN, ip('10.88.0.2')] as const

/** What mutated packets may name. */
export const ADDRESSES: readonly Ipv4[] = [
  ...SERVERS,
  ...['10.77.0.4', '10.77.0.105', '10.77.0.100', '10.77.0.109', '10.77.0.254', '10.77.0.2', '10.77.0.255'],
  ...['10.88.0.1', '10.88.0.50', '10.88.0.99', '10.89.0.1', '10.89.0.50', '10.90.0.1', '10.90.0.9', '10.99.0.1'],
  ...['0.0.0.0', '255.255.255.255', '127.0.0.1', '224.0.0.1']
].map((address) => ip(address))

/** Two that are registered, and one that is not. */
export const MACS = [1, 10, 99].map((number) => macToBytes(mac(number)))

/** An inventory with some of everything that an answer may depend on. */
export async function openSite(t: ExecutionContext, options: { elsewhere: boolean }): Promise<Boot> {
  const boot = await openBoot(t, options)
  await installable(boot)
  await change(boot, (draft) => {
    const relayed = { gateway: '10.88.0.1', sharedNetwork: 'rack', lease: 300 }
    draft.putSubnet(subnet({ cidr: '10.88.0.0/24', ...relayed, pools: [{ from: '10.88.0.50', to: '10.88.0.99' }] }))
    const pools = [{ from: '10.89.0.50', to: '10.89.0.51', options: { 'time-servers': ['10.89.0.7'] } }]
    draft.putSubnet(subnet({ cidr: '10.89.0.0/24', ...relayed, gateway: '10.89.0.1', pools }))
    draft.putSubnet(subnet({ cidr: '10.90.0.0/24', gateway: '10.90.0.1', authoritative: false, pools: [] }))
    const classes = [
      { name: 'pxe', match: { vendorClass: 'PXEClient' }, options: { pxe: { 'discovery-control': 7 } } },
      { name: 'ipxe', match: { userClass: 'iPXE' }, options: { 'boot-file-name': null, 240: '0x0102' } },
      { name: 'rack', match: { relay: '10.88.0.0/24' }, options: { 'domain-search': ['rack.example.org'] } },
      { name: 'here', match: { mac: '52:54:00', architecture: [0, 7] }, options: { 'root-path': 'x'.repeat(300) } }
    ]
    for (const each of classes) draft.putClass(classFrom(each))
    const options = {
      'classless-static-routes': [{ to: '0.0.0.0/0', via: '10.77.0.254' }],
      'www-server': ['10.77.0.7']
    }
    draft.putGlobal(globalFrom({ options }))
    draft.putRole({
      ...role('web'),
      options: { 'log-servers': Array.from({ length: 30 }, (_, at) => `10.77.1.${at}`) }
    })
    const own = {
      interfaces: [{ mac: mac(10), ipv4: '10.77.0.105' }],
      role: 'web',
      options: { 224: `0x${'ab'.repeat(100)}` }
    }
    draft.putMachine(machine('web-1', 10, own))
  })
  await act(boot.inventory, 'db-1', 'install', 'ann')
  return boot
}

/** Addresses of the pools, and the machine's that is in none: nobody is ever given another. */
export const MOST_LEASES = 10 + 50 + 2 + 1

/** Whether a client may ever be given an address: its own, or one of a pool that nobody else is known to use. */
export function mayHave({ inventory }: Boot, client: Mac, address: Ipv4): boolean {
  const owner = inventory.machineByAddress(address)
  if (owner) return owner.interfaces.some((each) => each.mac === client && each.ipv4 === address)
  const pools = Array.from(inventory.list('subnet')).flatMap((each) => each.pools)
  return inPool(pools, address) && !inventory.isServiceAddress(address) && !SERVERS.includes(address)
}
