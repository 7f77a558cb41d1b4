import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ExecutionContext } from 'ava'
import { AddressAllocator } from '../../src/boot/allocator.ts'
import { Callbacks } from '../../src/boot/callbacks.ts'
import type { TemplateContext } from '../../src/boot/context.ts'
import { LoaderTrials } from '../../src/boot/loader-trials.ts'
import type { Renderer } from '../../src/boot/render.ts'
import { BootService } from '../../src/boot/service.ts'
import { Sightings } from '../../src/boot/sightings.ts'
import { Speakers } from '../../src/boot/speakers.ts'
import { act } from '../../src/inventory/actions.ts'
import { FileStore } from '../../src/inventory/files.ts'
import type { Machine } from '../../src/inventory/model.ts'
import { type FirmwareName, firmwareByName } from '../../src/net/firmware.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import type { Mac } from '../../src/net/mac.ts'
import { change, image, machine, OWN, openStore, role, subnet } from './inventory.ts'
import { tempFolder } from './temp-folder.ts'
import { ip, mac } from './values.ts'

export const LINK = ip('10.77.0.1')

/** A "file" that tells which template was given what. */
export const TELLING: Renderer = { render: (template, context) => JSON.stringify({ template, ...context }) }
export const told = (text: string) => JSON.parse(text) as { template: string } & TemplateContext

type BootOptions = {
  offerLimit?: number
  renderer?: Renderer
  /** Another DHCP server gives the addresses. */
  elsewhere?: boolean
  /** The file of the signed loaders that isn't there. */
  missingSigned?: string
}

/** The inventory and the boot side on it, put together as the daemon does it, with a subnet that has a pool. */
export async function openBoot(t: ExecutionContext, options: BootOptions = {}) {
  const store = openStore()
  const { inventory, leases, attempts, endpoints, clock } = store
  const files = await FileStore.open(tempFolder(t), () => false)
  const isKnown = (who: Mac) => inventory.machineByMac(who) !== undefined
  const sightings = options.elsewhere ? new Sightings(isKnown, clock.now) : undefined
  const limits = {
    hasLoader: () => false,
    missingSigned: () => options.missingSigned,
    offerLimit: options.offerLimit ?? 2
  }
  const speakers = new Speakers(inventory, leases, clock.now, sightings)
  const trials = new LoaderTrials(inventory, leases, (address) => speakers.macAt(address), clock.now)
  const facts = { inventory, leases, sightings, attempts, files, trials, ...limits }
  const service = new BootService({ facts, endpoints, renderer: options.renderer ?? TELLING, speakers, now: clock.now })
  const callbacks = new Callbacks(service, speakers, clock.now)
  const allocator = new AddressAllocator(facts, endpoints, clock.now)
  await change(store, (draft) => draft.putSubnet(subnet()))

  /** A client's whole handshake; the address that it was acknowledged, or undefined. */
  const handshake = async (who: Mac, firmware: FirmwareName = 'ipxe', link: Ipv4 = LINK) => {
    const client = clientOf(who, firmware, link)
    const offer = allocator.offer(client)
    if ('refused' in offer) return undefined
    const grant = allocator.request(client, offer.address, 'selecting')
    if ('refused' in grant) return undefined
    await allocator.commit([{ kind: 'grant', client, grant }])
    return grant.address
  }
  return { ...store, files, facts, speakers, trials, service, callbacks, allocator, handshake }
}

export type Boot = Awaited<ReturnType<typeof openBoot>>

export function clientOf(who: Mac, firmware: FirmwareName = 'ipxe', link: Ipv4 = LINK) {
  return { mac: who, link, server: OWN, firmware: firmwareByName(firmware), architectures: [], userClasses: [] }
}

/** Registers `db-1` with MAC 1 and address 10.77.0.4, role `db`, and an image whose files are there. */
export async function installable(boot: Boot, more: Partial<Machine> = {}): Promise<void> {
  const take = async (name: string) => {
    const bytes = Buffer.from(`the ${name}`)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { name, ...(await boot.files.put(sha256, Readable.from([bytes]))) }
  }
  const files = { kernel: await take('linux'), initrd: await take('initrd.gz') }
  await change(boot, (draft) => {
    draft.putImage({ ...image('debian-12'), ...files })
    draft.putRole({ ...role('db'), image: 'debian-12' })
    draft.putMachine({ ...machine('db-1', 1, { role: 'db' }), ...more })
  })
}

/** The same, its install requested, powered on and its script fetched: the attempt's token. */
export async function installing(boot: Boot): Promise<string> {
  await installable(boot)
  await act(boot.inventory, 'db-1', 'install', 'ann')
  return powerOn(boot)
}

/** Another power-on of db-1: both handshakes and the script; the token in it. */
export async function powerOn(boot: Boot): Promise<string> {
  await boot.handshake(mac(1), 'bios')
  const from = await boot.handshake(mac(1), 'ipxe')
  const { text } = await boot.service.script(mac(1), from ?? LINK, OWN)
  return /attempts\/([\w-]+)\/preseed/.exec(text)?.[1] ?? ''
}
