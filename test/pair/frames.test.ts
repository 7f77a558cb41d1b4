import { PassThrough } from 'node:stream'
import test from 'ava'
import fc from 'fast-check'
import { FrameReader, frame, readOne } from '../../src/pair/frames.ts'

test('messages come out as they went in, however the stream is cut', (t) => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
  fc.assert(
    fc.property(fc.array(fc.jsonValue().map((value) => ({ value }))), cuts, (messages, sizes) => {
      const bytes = Buffer.concat(messages.map(frame))
      const reader = new FrameReader()
      const read: unknown[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] as number
        read.push(...reader.take(bytes.subarray(at, at + size)))
        at += size
      }
      t.deepEqual(read, JSON.parse(JSON.stringify(messages)))
    })
  )
})

test('a message that says it is longer than any is none', (t) => {
  t.throws(() => [...new FrameReader(10).take(frame({ text: 'too long' }))], { message: /too long/ })
})

test('the first message is read, and what comes after it is kept', async (t) => {
  const stream = new PassThrough()
  stream.write(Buffer.concat([frame({ first: 1 }), Buffer.from('rest')]))
  t.deepEqual(await readOne(stream, 1000), { message: { first: 1 }, rest: Buffer.from('rest') })
})

test('who says nothing in time, or hangs up, or talks nonsense, is not waited for', async (t) => {
  await t.throwsAsync(readOne(new PassThrough(), 10), { message: /in time/ })
  const closed = new PassThrough()
  const reading = readOne(closed, 10_000)
  closed.destroy()
  await t.throwsAsync(reading, { message: /closed/ })
  const nonsense = new PassThrough()
  nonsense.write(Buffer.alloc(8, 0xff))
  await t.throwsAsync(readOne(nonsense, 10_000), { message: /too long/ })
})
