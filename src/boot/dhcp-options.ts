import type { ClientClass, Global, Machine, Pool, Role, Subnet } from '../inventory/model.ts'
import { broadcastOf, maskOf, prefixOf } from '../net/ipv4.ts'
import { encodeOptions, type OptionValues, optionByName } from '../net/options/configured.ts'
import { OPTION } from '../net/options/table.ts'

/** Where a client's options come from, the more general before the more special; a later level wins. */
export type OptionLevels = {
  readonly global: Global
  readonly subnet: Subnet
  /** The pool that its address is of. */
  readonly pool?: Pool | undefined
  readonly role?: Role | undefined
  /** In the order in which they apply. */
  readonly classes: readonly ClientClass[]
  readonly machine?: Machine | undefined
}

export type EffectiveOption = {
  /** Canonical JSON; null: it is not to be sent. */
  readonly value: unknown
  /** The level that says so: `subnet 10.77.0.0/24`. */
  readonly source: string
  /** The levels that say otherwise and don't count, the nearest first. */
  readonly overrides: readonly string[]
}

/** What a client is told, by the options' names in the order of their codes, and which level says so. */
export function effectiveOptions(levels: OptionLevels): ReadonlyMap<string, EffectiveOption> {
  const byCode = new Map<number, EffectiveOption & { readonly name: string }>()
  for (const [source, options] of layersOf(levels)) {
    for (const [name, value] of Object.entries(options)) {
      const code = optionByName(name)?.code ?? Number(name)
      const before = byCode.get(code)
      const overrides = before ? [before.source, ...before.overrides].filter((each) => each !== source) : []
      byCode.set(code, { name, value, source, overrides })
    }
  }
  const ordered = [...byCode].sort(([a], [b]) => a - b)
  return new Map(ordered.map(([, { name, ...option }]) => [name, option]))
}

/** The same as it is sent, with the subnet mask, by code and in the order of codes; null: not to be sent. */
export function encodedOptions(levels: OptionLevels): ReadonlyMap<number, Uint8Array | null> {
  const { code, kind } = OPTION.subnetMask
  const mask = [code, kind.write(maskOf(levels.subnet.cidr))] as const
  const options = layersOf(levels).flatMap(([, values]) => [...encodeOptions(values)])
  // Of two with one code, a map keeps the latter.
  return new Map([...new Map([mask, ...options])].sort(([a], [b]) => a - b))
}

function layersOf({ global, subnet, pool, role, classes, machine }: OptionLevels): [string, OptionValues][] {
  const own = `subnet ${subnet.cidr}`
  return [
    ['global', global.options],
    [own, optionsOfFields(subnet)],
    [own, subnet.options],
    [`pool ${pool?.from}-${pool?.to}`, pool?.options ?? {}],
    [`role ${role?.name}`, role?.options ?? {}],
    ...classes.map(({ name, options }): [string, OptionValues] => [`class ${name}`, options]),
    [`machine ${machine?.name}`, machine?.options ?? {}]
  ]
}

/** What a subnet says by fields of its own, in their words. */
function optionsOfFields({ cidr, gateway, dns, ntp, domain }: Subnet): OptionValues {
  return {
    ...(gateway !== null && { [OPTION.routers.name]: [gateway] }),
    ...(dns.length > 0 && { [OPTION.dnsServers.name]: dns }),
    ...(domain !== null && { [OPTION.domain.name]: domain }),
    // RFC 3021, section 2.2: a point-to-point link has none.
    ...(prefixOf(cidr) < 31 && { [OPTION.broadcast.name]: broadcastOf(cidr) }),
    ...(ntp.length > 0 && { [OPTION.ntpServers.name]: ntp })
  }
}
