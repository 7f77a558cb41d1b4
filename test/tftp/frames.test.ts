import test from 'ava'
import fc from 'fast-check'
import { decode } from '../../src/tftp/codec.ts'
import { FrameCache, type Frames } from '../../src/tftp/frames.ts'
import { bytesSource } from '../../src/tftp/source.ts'
import { content } from './fakes.ts'

/** The packets of a run as a client gets them. */
function packetsOf({ memory, offset, length, packet }: Frames): Uint8Array[] {
  const packets: Uint8Array[] = []
  for (let at = offset; at < offset + length; at += packet) {
    packets.push(Uint8Array.from(memory.bytes.subarray(at, Math.min(at + packet, offset + length))))
  }
  return packets
}

test('any run of blocks is made of the right packets, whatever was asked for before', (t) => {
  const file = content(700_000)
  const source = bytesSource('f', file)
  // Two pieces: most are made anew in the memory of others.
  const cache = new FrameCache(2 * 256 * 1024)
  const blockSizes = fc.constantFrom(8, 512, 1000, 1468, 8192, 65_464)
  fc.assert(
    fc.property(blockSizes, fc.nat(1000), fc.integer({ min: 1, max: 128 }), (blockSize, place, count) => {
      const last = Math.floor(file.length / blockSize) + 1
      const first = 1 + (place % last)
      const run = cache.of(source, blockSize, first, Math.min(count, last - first + 1))
      t.true(run.count >= 1 && run.count <= count)
      const packets = packetsOf(run)
      t.is(packets.length, run.count)
      for (const [index, bytes] of packets.entries()) {
        const block = first + index
        const offset = (block - 1) * blockSize
        const data = Buffer.from(file.subarray(offset, offset + blockSize))
        const packet = decode(bytes)
        t.true(packet.type === 'DATA' && packet.block === block % 65_536 && data.equals(packet.data))
      }
    })
  )
  t.is(cache.bytes, 2 * 256 * 1024)
})

test('a file of a whole number of blocks ends with an empty packet, an empty file is one', (t) => {
  for (const size of [0, 512, 512 * 508, 512 * 1016]) {
    const last = size / 512 + 1
    const run = new FrameCache(0).of(bytesSource('f', content(size)), 512, last, 1)
    t.deepEqual(packetsOf(run), [Uint8Array.of(0, 3, last >> 8, last & 255)])
  }
})

test('clients of one file in blocks of one size share what is read; others do not', (t) => {
  const cache = new FrameCache(1 << 20)
  let reads = 0
  const source = { ...bytesSource('f', content(5000)), read: () => reads++ }
  for (const first of [1, 5, 1]) cache.of(source, 512, first, 3)
  t.is(reads, 1)
  cache.of(source, 1024, 1, 3)
  cache.of({ ...source, key: 'g' }, 512, 1, 3)
  t.is(reads, 3)
})
