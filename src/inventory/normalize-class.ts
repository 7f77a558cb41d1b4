import { type Cidr, type Ipv4, parseCidr, parseIpv4 } from '../net/ipv4.ts'
import { Check } from './check.ts'
import type { ClassInput } from './inputs.ts'
import type { ClassMatch, ClientClass } from './model.ts'

const HEX_PAIRS = /^([0-9a-f]{2}){1,6}$/

/** From what an administrator wrote to the class. @throws {InventoryError} that names every wrong field. */
export function classFrom(input: ClassInput): ClientClass {
  const check = new Check()
  const match = matchFrom(input.match, check)
  const options = check.options('options', input.options)
  check.done()
  return { name: input.name, match, options, note: input.note ?? null }
}

function matchFrom(given: ClassInput['match'], check: Check): ClassMatch {
  if (Object.keys(given).length === 0) {
    check.fail('match', 'needs a condition: firmware, architecture, vendorClass, userClass, relay or mac')
  }
  const { relay, mac, ...others } = given
  return {
    ...others,
    ...(relay !== undefined && {
      relay: check.value('match.relay', relay, addressOrNetwork)
    }),
    ...(mac !== undefined && { mac: check.value('match.mac', mac, macPrefix) })
  }
}

function addressOrNetwork(text: string): Ipv4 | Cidr {
  return text.includes('/') ? parseCidr(text) : parseIpv4(text)
}

/** Any usual spelling of a MAC address's beginning. */
function macPrefix(text: string): string {
  const hex = text.toLowerCase().replaceAll(/[:.-]/g, '')
  if (!HEX_PAIRS.test(hex)) throw new TypeError(`"${text}" is not how a MAC address begins: 1 to 6 pairs like 52:54:00`)
  return (hex.match(/../g) ?? []).join(':')
}
