import type { Duplex } from 'node:stream'

/** Bytes that a message may have: a batch of the largest rows there are. */
export const LARGEST = 64 * 1024 * 1024
const HEADER = 4

/** A message as it goes over the link: its length in four bytes, the highest first, then JSON. */
export function frame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const bytes = Buffer.allocUnsafe(HEADER + body.length)
  bytes.writeUInt32BE(body.length, 0)
  body.copy(bytes, HEADER)
  return bytes
}

/** Takes a stream apart into messages. */
export class FrameReader {
  readonly #largest: number
  #chunks: Buffer[] = []
  #length = 0
  /** Bytes of the message that is coming, its header included; 0 where that isn't known yet. */
  #needed = 0

  constructor(largest = LARGEST) {
    this.#largest = largest
  }

  /** @throws {Error} for what is no message: the connection is of no more use. */
  *take(chunk: Buffer): Iterable<unknown> {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    while (this.#length >= Math.max(HEADER, this.#needed)) {
      const bytes = this.rest()
      if (this.#needed === 0) {
        const length = bytes.readUInt32BE(0)
        if (length > this.#largest) throw new Error(`a message of ${length} bytes is too long`)
        this.#needed = HEADER + length
        continue
      }
      const text = bytes.toString('utf8', HEADER, this.#needed)
      this.#chunks = [bytes.subarray(this.#needed)]
      this.#length -= this.#needed
      this.#needed = 0
      yield JSON.parse(text)
    }
  }

  /** What came after the last message. */
  rest(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }
}

/** Reads one message, such as the first of a connection. @throws {Error} when none comes in time. */
export function readOne(
  stream: Duplex,
  milliseconds: number,
  largest = 16_384
): Promise<{ message: unknown; rest: Buffer }> {
  const reader = new FrameReader(largest)
  return new Promise((resolve, reject) => {
    const fail = (why: string) => finish(() => reject(new Error(why)))
    const timer = setTimeout(() => fail('nothing was said in time'), milliseconds)
    const take = (chunk: Buffer) => {
      try {
        for (const message of reader.take(chunk)) {
          finish(() => resolve({ message, rest: reader.rest() }))
          return
        }
      } catch (error) {
        fail((error as Error).message)
      }
    }
    const ended = () => fail('the connection was closed')
    stream.on('data', take).on('close', ended).on('error', ended)
    function finish(settle: () => void): void {
      clearTimeout(timer)
      stream.off('data', take).off('close', ended).off('error', ended)
      stream.pause()
      settle()
    }
  })
}
