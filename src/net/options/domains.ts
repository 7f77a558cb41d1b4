import { latin1, MalformedBytes, Writer } from '../bytes.ts'
import { parseList } from './composites.ts'
import type { Kind } from './kinds.ts'
import { wrong } from './parsing.ts'
import { text } from './text.ts'

const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
/** Characters: 255 bytes with the first label's length and the root's (RFC 1035, section 2.3.4). */
const LONGEST_NAME = 253
/** The length bits of a pointer, which has two bytes, and what is left for the place it leads to (RFC 1035, section 4.1.4). */
const POINTER = 0xc000
const PLACES = 0x4000

/** One or more domain names, compressed: a name's end may point to where it stood before (RFC 3397, section 2). */
export const domainNames = namesKind(true)

/** The same, but written without compression (RFC 3361, section 3.1). */
export const plainDomainNames = namesKind(false)

function namesKind(compressed: boolean): Kind<readonly string[]> {
  return {
    name: 'list of domain names',
    read: readNames,
    write: (names) => writeNames(names, compressed),
    parse: (json) => parseList(json, parseName),
    print: (names) => names
  }
}

/** A dot at the end is dropped. */
function parseName(json: unknown): string {
  const name = typeof json === 'string' ? json.replace(/\.$/, '') : ''
  const isName = name.length <= LONGEST_NAME && name.split('.').every((label) => LABEL.test(label))
  if (!isName || /(?:^|\.)\d+$/.test(name)) throw wrong(json, 'a domain name like lab.example.org')
  return name
}

function readNames(bytes: Uint8Array): readonly string[] {
  if (bytes.length === 0) throw new MalformedBytes('no domain name')
  const names: string[] = []
  const known = new Map<number, string>()
  for (let at = 0; at < bytes.length; ) {
    const { name, end } = readName(bytes, at, known)
    names.push(name)
    at = end
  }
  return names
}

/**
 * A pointer may only lead to where a name, or the end of one, was read before: so there are no loops, and no
 * byte is read twice, however many pointers lead to it.
 * @param known names and ends of names by where they begin; this one's are added.
 */
function readName(bytes: Uint8Array, start: number, known: Map<number, string>): { name: string; end: number } {
  const labels: { at: number; label: string }[] = []
  let at = start
  let length = lengthAt(bytes, at)
  while (length > 0 && length < POINTER >>> 8) {
    const label = latin1(bytes.subarray(at + 1, at + 1 + length))
    if (label.length < length || !LABEL.test(label)) throw new MalformedBytes('what should be a label is none')
    labels.push({ at, label })
    at += 1 + length
    length = lengthAt(bytes, at)
  }
  let name = ''
  if (length > 0) {
    name = known.get(((length << 8) | lengthAt(bytes, at + 1)) - POINTER) ?? ''
    if (name === '') throw new MalformedBytes('a pointer leads to no earlier name')
    known.set(at, name)
  }
  for (const each of labels.reverse()) {
    name = name === '' ? each.label : `${each.label}.${name}`
    known.set(each.at, name)
  }
  if (name === '' || name.length > LONGEST_NAME) throw new MalformedBytes(`a name of ${name.length} characters`)
  return { name, end: at + (length > 0 ? 2 : 1) }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const length = bytes[at]
  if (length === undefined) throw new MalformedBytes('a name has no end')
  return length
}

function writeNames(names: readonly string[], compressed: boolean): Uint8Array {
  const writer = new Writer()
  const written = new Map<string, number>()
  for (const name of names) {
    let rest = name
    while (rest !== '' && !written.has(rest)) {
      if (compressed && writer.length < PLACES) written.set(rest, writer.length)
      const [label = ''] = rest.split('.', 1)
      writer.uint8(label.length).bytes(text.write(label))
      rest = rest.slice(label.length + 1)
    }
    const earlier = written.get(rest)
    if (earlier === undefined) writer.uint8(0)
    else writer.uint16(POINTER | earlier)
  }
  return writer.finish()
}
