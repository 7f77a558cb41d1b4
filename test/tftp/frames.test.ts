import test from 'ava'
import fc from 'fast-check'
import { decode } from '../../src/tftp/codec.ts'
import { FrameCache, FrameReader, type Frames } from '../../src/tftp/frames.ts'
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
      const run = new FrameReader(cache, source, blockSize).read(first, Math.min(count, last - first + 1))
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
    const run = new FrameReader(new FrameCache(0), bytesSource('f', content(size)), 512).read(last, 1)
    t.deepEqual(packetsOf(run), [Uint8Array.of(0, 3, last >> 8, last & 255)])
  }
})

test('clients of one file in blocks of one size share what is read; others do not', (t) => {
  const cache = new FrameCache(1 << 20)
  let reads = 0
  const source = { ...bytesSource('f', content(5000)), read: () => reads++ }
  for (const first of [1, 5, 1]) new FrameReader(cache, source, 512).read(first, 3)
  t.is(reads, 1)
  new FrameReader(cache, source, 1024).read(1, 3)
  new FrameReader(cache, { ...source, key: 'g' }, 512).read(1, 3)
  t.is(reads, 3)
})

test('a piece whose memory went to another is made anew', (t) => {
  const cache = new FrameCache(0)
  const [one, other] = ['f', 'g'].map((key, index) => {
    const source = bytesSource(key, new Uint8Array(1000).fill(index + 1))
    return new FrameReader(cache, source, 512)
  })
  for (const [reader, byte] of [
    [one, 1],
    [other, 2],
    [one, 1],
    [one, 1],
    [other, 2]
  ] as const) {
    const [packet] = packetsOf(reader?.read(1, 1) as Frames)
    t.is(packet?.[4], byte)
  }
})

test('what is used again and again stays; what was read once goes first', (t) => {
  const cache = new FrameCache(3 * 256 * 1024)
  let reads = 0
  const sourceOf = (key: string) => ({ ...bytesSource(key, content(100)), read: () => reads++ })
  const hot = sourceOf('hot')
  for (let other = 0; other < 20; other += 1) {
    new FrameReader(cache, hot, 512).read(1, 1)
    new FrameReader(cache, sourceOf(`other ${other}`), 512).read(1, 1)
  }
  t.is(reads, 21)
})
