import { concat } from '../../../src/net/bytes.ts'
import { type Ipv4, ipv4ToBytes, UNSPECIFIED } from '../../../src/net/ipv4.ts'
import { apart, END, inPartsOf, type Option, type Parts, resize, set, together, written } from './parts.ts'
import type { Random } from './random.ts'

/** Packets that no client should send, made of packets that clients did send. */

/** What a packet may name so that it isn't turned away at the door. */
export type Surroundings = {
  /** Addresses that mean something to the server: its own, those of its pools and machines. */
  readonly addresses: readonly Ipv4[]
  readonly macs: readonly Uint8Array[]
  /** Addresses that were offered or given lately, and to whom. */
  readonly offers: readonly Offer[]
}

export type Offer = { readonly mac: Uint8Array; readonly address: Ipv4; readonly server: Ipv4; readonly relay: Ipv4 }

type Mutation = (parts: Parts, random: Random, surroundings: Surroundings) => void

const SNAME = { at: 44, size: 64 }
const FILE = { at: 108, size: 128 }
const CHADDR_AT = 28
/** Of a hardware address: one station's, locally administered. */
const LOCAL = 2
const MESSAGE_TYPE = 53
/** ciaddr, yiaddr, siaddr, giaddr. */
const ADDRESS_FIELDS = [12, 16, 20, 24]
const [CIADDR_AT, GIADDR_AT] = [12, 24]
const [REQUESTED, SERVER] = [50, 54]
/** What a client says of an address: the message's type, where the address is, and whether it names the server (RFC 2131, table 5). */
const SEQUELS = [
  { type: 3, inOption: true, toServer: true },
  { type: 3, inOption: true, toServer: false },
  { type: 3, inOption: false, toServer: false },
  { type: 4, inOption: true, toServer: true },
  { type: 7, inOption: false, toServer: true },
  { type: 8, inOption: false, toServer: false }
]
/** Options that hold an address: requested, server, link. */
const ADDRESS_OPTIONS = [REQUESTED, SERVER, 118]
/** Options that have parts of their own, or are read for other reasons. */
const READ_OPTIONS = [12, 43, 52, 55, 57, 60, 61, 77, 82, 93, 97, 118, 119, 121, 124, 125, 175]
/** Lengths at which something may go wrong. */
const LENGTHS = [0, 0, 1, 1, 2, 3, 4, 5, 6, 16, 17, 64, 128, 254, 255]
/** Values of option 57, and of other numbers. */
const SIZES = [0, 1, 28, 64, 300, 575, 576, 577, 1024, 1500, 1501, 9000, 0xffff]

const MUTATIONS: readonly Mutation[] = [
  ({ fixed }, random) => {
    fixed[random.below(fixed.length - 4)] = random.below(256)
  },
  ({ fixed }, random) => {
    // op, htype, hlen, hops
    fixed[random.below(4)] = random.pick([0, 1, 2, 6, 7, 16, 17, 32, 255])
  },
  ({ fixed }, random, { macs }) => fixed.set(random.once(4) ? random.bytes(6) : random.pick(macs), CHADDR_AT),
  ({ fixed }, random, { addresses }) => {
    fixed.set(addressOf(random, addresses), random.pick(ADDRESS_FIELDS))
  },
  (parts, random, { addresses }) => set(parts, random.pick(ADDRESS_OPTIONS), addressOf(random, addresses)),
  (parts, random) => set(parts, MESSAGE_TYPE, Uint8Array.of(random.once(8) ? random.below(256) : 1 + random.below(8))),
  (parts, random) => {
    const size = random.once(4) ? random.below(0x10000) : random.pick(SIZES)
    set(parts, 57, Uint8Array.of(size >> 8, size))
  },
  (parts, random) => {
    parts.options.splice(random.below(parts.options.length + 1), random.below(2), anyOption(random))
  },
  (parts, random) => set(parts, random.pick(READ_OPTIONS), random.bytes(lengthOf(random))),
  (parts, random) => set(parts, random.pick(READ_OPTIONS), subOptions(random)),
  (parts, random, { addresses }) => set(parts, 82, relayAgent(random, addresses)),
  ({ options }, random) => {
    if (options.length > 0) options.splice(random.below(options.length), 1)
  },
  ({ options }, random) => {
    if (options.length > 0) options.splice(random.below(options.length), 0, random.pick(options))
  },
  ({ options }, random) => {
    const value = optionOf(options, random)?.value
    if (value && value.length > 0) value[random.below(value.length)] = random.below(256)
  },
  ({ options }, random) => {
    const option = optionOf(options, random)
    if (option) option.code = random.below(256)
  },
  ({ options }, random) => {
    const option = optionOf(options, random)
    if (option) resize(option, random.below(option.length + 1))
  },
  ({ options }, random) => options.push(...options.splice(0, random.below(options.length + 1))),
  (parts, random) => {
    parts.options = parts.options.flatMap((option) =>
      random.once(2) ? inPartsOf(option, 1 + random.below(4)) : [option]
    )
  },
  overload,
  (parts, random) => {
    if (random.once(20)) parts.options.push(...tinyOptions(random))
  },
  (parts, random) => {
    if (random.once(4)) parts.rest = random.pick([new Uint8Array(0), Uint8Array.of(END), random.bytes(40)])
  },
  ({ options }, random) => {
    const option = optionOf(options, random)
    if (option) option.length = random.pick([0, 255, option.length + 1, option.length - 1, random.below(256)]) & 255
  }
]

/** The same from a machine that nobody knows. */
export function fromAnother(original: Uint8Array, random: Random): Uint8Array {
  const bytes = original.slice()
  bytes.set([LOCAL, ...random.bytes(5)], CHADDR_AT)
  return bytes
}

/** What its sender may say next, as if it were the one that an address was offered or given to. */
export function sequel(original: Uint8Array, { mac, address, server, relay }: Offer, random: Random): Uint8Array {
  const parts = apart(original)
  const { type, inOption, toServer } = random.pick(SEQUELS)
  parts.fixed.set(mac, CHADDR_AT)
  parts.fixed.set(ipv4ToBytes(relay), GIADDR_AT)
  parts.fixed.set(ipv4ToBytes(inOption ? UNSPECIFIED : address), CIADDR_AT)
  set(parts, MESSAGE_TYPE, Uint8Array.of(type))
  parts.options = parts.options.filter(({ code }) => code !== REQUESTED && code !== SERVER)
  if (inOption) set(parts, REQUESTED, ipv4ToBytes(address))
  if (toServer) set(parts, SERVER, ipv4ToBytes(server))
  return together(parts)
}

/** A packet with some mutations of its parts. @param others a splice takes the options of one of them. */
export function mutated(
  original: Uint8Array,
  others: readonly Uint8Array[],
  random: Random,
  surroundings: Surroundings
): Uint8Array {
  const parts = apart(original)
  if (random.once(10)) parts.options = apart(random.pick(others)).options
  for (let count = random.below(6); count > 0; count -= 1) random.pick(MUTATIONS)(parts, random, surroundings)
  return together(parts)
}

/** A packet with some mutations of its bytes, whatever they mean. */
export function corrupted(original: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = original.slice()
  for (let count = random.below(6); count > 0; count -= 1) {
    const at = random.below(bytes.length + 1)
    switch (random.below(9)) {
      case 0:
        bytes = bytes.slice(0, at)
        break
      case 1:
        bytes = concat([
          bytes,
          random.once(30) ? new Uint8Array(random.below(10_000)) : random.bytes(random.below(300))
        ])
        break
      case 2:
        bytes = concat([bytes.subarray(0, at), random.bytes(random.below(9)), bytes.subarray(at)])
        break
      case 3:
        bytes = concat([bytes.subarray(0, at), bytes.subarray(at + random.below(9))])
        break
      case 4:
        bytes = concat([bytes.subarray(0, at), random.pick(others).subarray(at)])
        break
      case 5:
        bytes.fill(random.pick([0, 1, 0x7f, 0x80, 0xff]), at, at + random.below(17))
        break
      default:
        if (bytes.length > 0) flip(bytes, random)
    }
  }
  return bytes
}

function flip(bytes: Uint8Array, random: Random): void {
  const at = random.below(bytes.length)
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
}

function optionOf(options: readonly Option[], random: Random): Option | undefined {
  return options.length === 0 ? undefined : random.pick(options)
}

function anyOption(random: Random): Option {
  const value = random.bytes(lengthOf(random) & 255)
  return { code: random.below(256), length: value.length, value }
}

function lengthOf(random: Random): number {
  return random.once(50) ? random.below(2000) : random.pick(LENGTHS)
}

function addressOf(random: Random, addresses: readonly Ipv4[]): Uint8Array {
  return random.once(6) ? random.bytes(4) : ipv4ToBytes(random.pick(addresses))
}

/** Code, length and value, as in options 43, 82 and 175; now and then with a length that isn't so. */
function subOptions(random: Random): Uint8Array {
  const parts = Array.from({ length: random.below(6) }, () => {
    const value = random.bytes(random.below(12))
    const length = random.once(6) ? random.below(256) : value.length
    return Uint8Array.of(random.pick([1, 2, 5, 6, 8, 9, 11, 19, 71, 176, 177, random.below(256)]), length, ...value)
  })
  return concat(parts)
}

/** Link selection, server identifier override and source port, with circuit ids of any length. */
function relayAgent(random: Random, addresses: readonly Ipv4[]): Uint8Array {
  const parts = [
    ...(random.once(2) ? [Uint8Array.of(5, 4, ...addressOf(random, addresses))] : []),
    ...(random.once(3) ? [Uint8Array.of(11, 4, ...addressOf(random, addresses))] : []),
    ...(random.once(3) ? [Uint8Array.of(19, 0)] : []),
    ...(random.once(2) ? [circuit(random.bytes(random.pick(LENGTHS)))] : [])
  ]
  return concat(parts)
}

function circuit(id: Uint8Array): Uint8Array {
  return Uint8Array.of(1, id.length, ...id)
}

/** Puts options into `file` and `sname`, says so rightly or wrongly, and overloads what is read there again. */
function overload(parts: Parts, random: Random): void {
  set(parts, 52, random.once(5) ? random.bytes(random.below(3)) : Uint8Array.of(1 + random.below(3)))
  for (const { at, size } of [SNAME, FILE]) {
    const options = Array.from({ length: random.below(6) }, () => written(anyOption(random)))
    const nested = random.once(3) ? [Uint8Array.of(52, 1, 3)] : []
    parts.fixed.set(concat([...nested, ...options, Uint8Array.of(END)]).subarray(0, size), at)
  }
}

/** Thousands of parts of one option, or options of all codes, without a value or with one byte: up to the longest packet. */
function tinyOptions(random: Random): Option[] {
  const code = random.pick([...READ_OPTIONS, 0])
  const value = random.bytes(random.below(2))
  return Array.from({ length: random.below(4400) }, (_, index) => ({
    code: code || index & 255,
    length: value.length,
    value
  }))
}
