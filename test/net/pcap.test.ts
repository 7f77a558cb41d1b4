import test from 'ava'
import fc from 'fast-check'
import { ipv4FromNumber } from '../../src/net/ipv4.ts'
import { type CapturedDatagram, pcapHeader, pcapRecords } from '../../src/net/pcap.ts'
import { udpDatagrams } from '../dhcp/pcap.ts'
import { fromHex, ip } from '../dhcp/vectors.ts'

const DATAGRAM: CapturedDatagram = {
  time: 1_700_000_000_123.456,
  from: { address: ip('10.77.0.1'), port: 67 },
  to: { address: ip('255.255.255.255'), port: 68 },
  payload: Uint8Array.of(1, 2, 3),
  length: 3
}

const fileOf = (...datagrams: CapturedDatagram[]) => Buffer.concat([pcapHeader(), pcapRecords(datagrams)])

test('a file is pcap 2.4 of IP packets; headers and checksums are those of RFC 791 and 768', (t) => {
  t.deepEqual(
    new Uint8Array(fileOf(DATAGRAM)),
    fromHex(
      `a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000065
       6553f100 0001e240 0000001f 0000001f
       4500 001f 0000 0000 40 11 7081 0a4d0001 ffffffff
       0043 0044 000b f101 010203`.replaceAll('\n', '')
    )
  )
})

test('what was cut says how long it was, and has no checksum over what is missing', (t) => {
  const file = fileOf({ ...DATAGRAM, length: 2000 })
  const [datagram] = udpDatagrams(file)
  t.like(datagram, { length: 2000, payload: DATAGRAM.payload })
  t.is(file.readUInt32BE(24 + 8), 31, 'captured')
  t.is(file.readUInt32BE(24 + 12), 2028, 'on the wire')
  t.is(file.readUInt16BE(24 + 42), 0)
})

const anyEndpoint = fc.record({
  address: fc.integer({ min: 0, max: 0xffffffff }).map(ipv4FromNumber),
  port: fc.nat(0xffff)
})
const anyDatagram = fc
  .record({ time: fc.nat(2 ** 41), from: anyEndpoint, to: anyEndpoint, payload: fc.uint8Array({ maxLength: 600 }) })
  .map((fields) => ({ ...fields, length: fields.payload.length }))

test('any datagrams are read as they were written, in their order', (t) => {
  fc.assert(
    fc.property(fc.array(anyDatagram, { maxLength: 5 }), (datagrams) => {
      t.deepEqual(
        udpDatagrams(fileOf(...datagrams)),
        datagrams.map(({ time, from, to, payload, length }) => ({
          time: time * 1000,
          source: from.address,
          sourcePort: from.port,
          destination: to.address,
          destinationPort: to.port,
          length,
          payload
        }))
      )
    })
  )
})

test('a receiver that sums up header and datagram finds ones only, so neither was changed', (t) => {
  fc.assert(
    fc.property(anyDatagram, (datagram) => {
      const packet = fileOf(datagram).subarray(24 + 16)
      t.is(onesSum(packet.subarray(0, 20)), 0xffff)
      const pseudoHeader = [packet.subarray(12, 20), Buffer.of(0, 17), packet.subarray(24, 26)]
      t.is(onesSum(Buffer.concat([...pseudoHeader, packet.subarray(20)])), 0xffff)
      t.not(packet.readUInt16BE(26), 0, 'zero would say that there is no checksum')
    })
  )
})

/** The ones' complement sum of the 16-bit words, digit by digit as RFC 1071 defines it. */
function onesSum(bytes: Buffer): number {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(0)])
  let sum = 0
  for (let at = 0; at < even.length; at += 2) {
    sum += even.readUInt16BE(at)
    if (sum > 0xffff) sum -= 0xffff
  }
  return sum
}
