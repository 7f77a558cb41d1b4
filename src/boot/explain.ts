import type { MachineState } from '../inventory/lifecycle.ts'
import { stateOf } from '../inventory/lifecycle.ts'
import { type FirmwareName, firmwareByName } from '../net/firmware.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import type { AddressAllocator } from './allocator.ts'
import type { BootAnswer } from './answers.ts'
import type { Client } from './client.ts'
import { type Action, decide, type Situation } from './decide.ts'
import { type EffectiveOption, effectiveOptions } from './dhcp-options.ts'
import type { Endpoints } from './endpoints.ts'
import { type Facts, identify } from './identify.ts'
import { chooseLoader } from './loader-choice.ts'
import { OptionSets } from './option-sets.ts'
import { redact } from './secrets.ts'
import { type EffectiveVar, effectiveVars } from './vars.ts'

export type Explanation = {
  mac: Mac
  firmware: FirmwareName
  machine: string | null
  state: MachineState | null
  action: Action
  reasons: readonly string[]
  /** What its firmware is sent to load (as UEFI for x64, where the firmware asked about loads nothing), and why, where that is not the firmware's own. */
  loader: { file: string | null; reasons: readonly string[] }
  /** What a DISCOVER would be answered, without the offer's being made. */
  dhcp:
    | {
        answer: 'offer'
        /** Null where another DHCP server gives the addresses; likewise the lease time. */
        address: Ipv4 | null
        hostName: string | null
        leaseTime: number | null
        boot: BootAnswer | null
        reasons: readonly string[]
      }
    | { answer: 'silence'; reasons: readonly string[] }
  /** What the offer's options say, in the order of their codes; null: it is not sent. */
  options: readonly ({ name: string } & EffectiveOption)[]
  /** The template variables with the layer that each value comes from; secrets are left out. */
  vars: Record<string, EffectiveVar>
}

const NO_SUBNET = { refused: 'silence', reason: 'there is no subnet' } as const
const NOTHING_TO_BOOT = { refused: 'silence', reason: 'there is nothing for it to boot' } as const

/**
 * Why a machine would get what it would get now: the same code as the real answer, without its effects.
 * @param relay the relay agent that it was heard through last.
 */
export function explain(
  facts: Facts,
  allocator: AddressAllocator,
  endpoints: Endpoints,
  mac: Mac,
  firmware: FirmwareName,
  relay?: Ipv4
): Explanation {
  const pooled = [...facts.inventory.list('subnet')].find((subnet) => subnet.pools.length > 0)
  const seen = identify(facts, mac, firmware)
  const link = seen.link ?? pooled?.pools[0]?.from
  const situation = link === undefined ? seen : identify(facts, mac, firmware, link)
  const { action, reasons } = decide(situation)
  const asked = firmwareByName(firmware).loader ? situation : { ...situation, firmware: 'uefi-x64' as const }
  const choice = chooseLoader(asked, action)
  const client = link === undefined ? undefined : clientLike(mac, firmware, link, relay, endpoints.addressFor(link))
  const plan = client ? planFor(facts, allocator, client) : NO_SUBNET
  const address = 'address' in plan ? plan.address : null
  const options = client && address ? optionsTold(facts, situation, client, address) : []
  const vars = Object.entries(effectiveVars(situation)).map(
    ([name, { value, source }]) => [name, { value: redact(name, value), source }] as const
  )
  return {
    mac,
    firmware,
    machine: situation.machine?.name ?? null,
    state: situation.machine ? stateOf(situation.machine.life) : null,
    action,
    reasons,
    loader: { file: choice.file ?? null, reasons: choice.reasons },
    dhcp:
      'refused' in plan
        ? { answer: 'silence', reasons: [plan.reason] }
        : {
            answer: 'offer',
            address,
            hostName: plan.hostName ?? null,
            leaseTime: plan.leaseTime,
            boot: plan.boot ?? null,
            reasons: plan.reasons
          },
    options,
    vars: Object.fromEntries(vars)
  }
}

function planFor({ sightings }: Facts, allocator: AddressAllocator, client: Client) {
  if (sightings === undefined) return allocator.plan(client)
  const advice = allocator.advise(client)
  if ('refused' in advice) return advice
  if (advice.boot === undefined) return NOTHING_TO_BOOT
  return { ...advice, address: null, leaseTime: null }
}

function optionsTold(
  { inventory }: Facts,
  situation: Situation,
  client: Client,
  address: Ipv4
): Explanation['options'] {
  const subnet = inventory.subnetOf(address)
  if (subnet === undefined) return []
  const levels = new OptionSets(inventory).levels(situation, client, subnet, address)
  return [...effectiveOptions(levels)].map(([name, option]) => ({ name, ...option }))
}

/** A client as its firmware would tell of itself. */
function clientLike(mac: Mac, name: FirmwareName, link: Ipv4, relay: Ipv4 | undefined, server: Ipv4): Client {
  const firmware = firmwareByName(name)
  const vendorClass = name.startsWith('uefi-http') ? 'HTTPClient' : 'PXEClient'
  return {
    mac,
    link,
    relay,
    server,
    firmware,
    architectures: firmware.architectures.slice(0, 1),
    ...(name !== 'os' && { vendorClass }),
    userClasses: name === 'ipxe' ? ['iPXE'] : []
  }
}
