import { type Cidr, contains, ipv4ToNumber, isHostAddress, parseCidr, parseIpv4 } from '../net/ipv4.ts'
import { isStationMac, type Mac, parseMac } from '../net/mac.ts'
import type { OptionValues } from '../net/options/configured.ts'
import { Check } from './check.ts'
import type { GlobalInput, ImageInput, MachineInput, RoleInput, SubnetInput } from './inputs.ts'
import { REGISTERED } from './lifecycle.ts'
import { UNTRIED } from './loader-trials.ts'
import { GLOBAL, type Global, type Image, type Machine, type Pool, type Role, type Subnet } from './model.ts'

/**
 * From what an administrator wrote (of the right shape already) to the entity: canonical
 * spellings, defaults filled in. Each throws one {@link InventoryError} that names every wrong field.
 */

const DEFAULT_LEASE = 3600
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @param before the machine as it is, whose addresses, state and facts a replacement keeps; a discovered one becomes registered. */
export function machineFrom(input: MachineInput, before?: Machine): Machine {
  const check = new Check()
  const interfaces = input.interfaces.map((given, index) => {
    const field = `interfaces[${index}]`
    const mac = check.value(`${field}.mac`, given.mac, stationMac)
    const ipv4 = check.optional(`${field}.ipv4`, given.ipv4, parseIpv4)
    const subnet = check.optional(`${field}.subnet`, given.subnet, parseCidr)
    if (ipv4 && subnet && !contains(subnet, ipv4)) {
      check.fail(`${field}.ipv4`, `${ipv4} is not in ${subnet}`)
    }
    const held = before?.interfaces.find((other) => other.mac === mac)
    const keep = ipv4 === null && held?.ipv4 && (subnet === null || subnet === held.subnet)
    return keep ? { ...held } : { mac, ipv4, subnet }
  })
  const macs = interfaces.map((each) => each.mac).filter((mac) => mac !== '')
  for (const mac of new Set(macs.filter((each, index) => macs.indexOf(each) !== index))) {
    check.fail('interfaces', `${mac} is named twice`)
  }
  const uuid = check.optional('uuid', input.uuid, parseUuid)
  const options = check.options('options', input.options)
  check.done()
  return {
    name: input.name,
    role: input.role ?? null,
    image: input.image ?? null,
    interfaces,
    uuid,
    serial: input.serial ?? null,
    disk: input.disk ?? null,
    localBoot: input.localBoot ?? 'exit',
    loader: input.loader ?? 'auto',
    console: input.console ?? null,
    kernelArguments: input.kernelArguments ?? [],
    labels: input.labels ?? {},
    options,
    vars: input.vars ?? {},
    facts: before?.facts ?? {},
    trials: before?.trials ?? UNTRIED,
    life: before && before.life.goal !== 'discover' ? before.life : REGISTERED
  }
}

export function roleFrom(input: RoleInput): Role {
  const check = new Check()
  const options = check.options('options', input.options)
  check.done()
  return {
    name: input.name,
    class: input.class ?? `role::${input.name}`,
    kind: input.kind ?? null,
    note: input.note ?? null,
    image: input.image ?? null,
    options,
    vars: input.vars ?? {}
  }
}

export function imageFrom(input: ImageInput): Image {
  const check = new Check()
  if ((input.kernel === undefined) !== (input.initrd === undefined)) {
    check.fail(input.kernel ? 'initrd' : 'kernel', 'kernel and initrd come together')
  }
  check.done()
  return {
    name: input.name,
    family: input.family,
    release: input.release,
    architecture: input.architecture,
    kernel: input.kernel ?? null,
    initrd: input.initrd ?? null,
    kernelArguments: input.kernelArguments ?? [],
    vars: input.vars ?? {}
  }
}

export function globalFrom(input: GlobalInput): Global {
  const check = new Check()
  const options = check.options('options', input.options)
  check.done()
  return { name: GLOBAL, options, vars: input.vars ?? {} }
}

export function subnetFrom(input: SubnetInput): Subnet {
  const check = new Check()
  const cidr = check.value('cidr', input.cidr, parseCidr)
  const host = (field: string, text: string) => {
    const address = check.value(field, text, parseIpv4)
    if (address && cidr && !isHostAddress(cidr, address)) {
      check.fail(field, `${address} is not a host's address in ${cidr}`)
    }
    return address
  }
  const gateway = input.gateway === undefined ? null : host('gateway', input.gateway)
  const addresses = (field: string, list: readonly string[] = []) =>
    list.map((text, index) => check.value(`${field}[${index}]`, text, parseIpv4))
  const pools = (input.pools ?? []).map((pool, index) => ({
    from: host(`pools[${index}].from`, pool.from),
    to: host(`pools[${index}].to`, pool.to),
    ...poolOptions(check.options(`pools[${index}].options`, pool.options))
  }))
  checkPools(pools, check)
  const dns = addresses('dns', input.dns)
  const ntp = addresses('ntp', input.ntp)
  const options = check.options('options', input.options)
  check.done()
  return {
    cidr,
    name: input.name ?? null,
    gateway,
    dns,
    ntp,
    domain: input.domain ?? null,
    pools,
    lease: input.lease ?? DEFAULT_LEASE,
    vlan: input.vlan ?? null,
    sharedNetwork: input.sharedNetwork ?? null,
    authoritative: input.authoritative ?? true,
    options,
    vars: input.vars ?? {}
  }
}

/** A pool without options is its addresses, and no more. */
function poolOptions(options: OptionValues): Pick<Pool, 'options'> {
  return Object.keys(options).length > 0 ? { options } : {}
}

function checkPools(pools: readonly Pool[], check: Check): void {
  // What was no address is NaN, which compares with nothing.
  const number = (address: Pool['from']) => (address ? ipv4ToNumber(address) : Number.NaN)
  const ranges = pools.map(({ from, to }) => ({ from: number(from), to: number(to) }))
  for (const [index, { from, to }] of ranges.entries()) {
    if (from > to) check.fail(`pools[${index}]`, `${pools[index]?.from} comes after ${pools[index]?.to}`)
    const other = ranges.slice(0, index).findIndex((each) => each.from <= to && from <= each.to)
    if (other >= 0) check.fail(`pools[${index}]`, `overlaps pools[${other}]`)
  }
}

/** The canonical spelling of a subnet's key, whatever a URL held. */
export function subnetKey(text: string): Cidr {
  const check = new Check()
  const cidr = check.value('cidr', text, parseCidr)
  check.done()
  return cidr
}

function stationMac(text: string): Mac {
  const mac = parseMac(text)
  if (!isStationMac(mac)) throw new TypeError(`${mac} is a group address or empty, not a machine's own`)
  return mac
}

function parseUuid(text: string): string {
  const uuid = text.toLowerCase()
  if (!UUID.test(uuid)) throw new TypeError(`"${text}" is not a UUID`)
  return uuid
}
