import { MalformedBytes } from '../bytes.ts'
import { checkSize, type Kind } from './kinds.ts'
import { wrong } from './parsing.ts'

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i

/**
 * A machine's UUID: type 0 and a GUID whose first three parts are little-endian (RFC 4578, section
 * 2.3, as all firmware sends it). Read in the form SMBIOS, iPXE and Linux print.
 */
export const machineId: Kind<string> = {
  name: 'machine id',
  read(bytes) {
    const [type] = bytes
    if (type !== undefined && type !== 0) throw new MalformedBytes(`type ${type}; only 0, a GUID, is defined`)
    checkSize(bytes, 17)
    return hyphenated(Buffer.from(swapped(bytes.subarray(1))).toString('hex'))
  },
  write: (uuid) => Uint8Array.of(0, ...swapped(Buffer.from(uuid.replaceAll('-', ''), 'hex'))),
  parse(json) {
    if (typeof json !== 'string' || !UUID.test(json)) {
      throw wrong(json, 'a UUID like 44454c4c-4200-1035-8051-b4c04f4e4331')
    }
    return hyphenated(json.toLowerCase())
  },
  print: (uuid) => uuid
}

function hyphenated(hex: string): string {
  return hex.replace(UUID, '$1-$2-$3-$4-$5')
}

/** Turns a GUID's three little-endian parts around, either way. */
function swapped(guid: Uint8Array): Uint8Array {
  const part = (start: number, end: number) => guid.slice(start, end).reverse()
  return Uint8Array.of(...part(0, 4), ...part(4, 6), ...part(6, 8), ...guid.slice(8))
}
