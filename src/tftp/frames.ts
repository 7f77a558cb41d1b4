import { allocate, type Memory, type PacketRun } from '../net/datagrams.ts'
import type { Source } from './source.ts'

/** Bytes of DATA packets that are made at once. */
const PIECE = 256 * 1024
/** Of a DATA packet, before the block. */
export const DATA_HEADER = 4
const DATA_OPCODE = 3

/** DATA packets as they go into the network; all but the file's last one are equally long. Later calls overwrite them. */
export type Frames = PacketRun & { readonly count: number }

type Piece = { readonly key: string; readonly memory: Memory; length: number }

/**
 * Makes DATA packets. They are the same for each client that takes a file in blocks of one size, whatever its window:
 * a rack that boots at once shares them. The pieces that were used last stay in memory, within a budget.
 */
export class FrameCache {
  readonly #most: number
  /** The one that was used longest ago first. */
  readonly #pieces = new Map<string, Piece>()
  readonly #scratch = new Uint8Array(PIECE)

  /** @param budget bytes; one piece is kept whatever it is. */
  constructor(budget: number) {
    this.#most = Math.max(1, Math.floor(budget / PIECE))
  }

  /** Bytes that are in use. */
  get bytes(): number {
    return this.#pieces.size * PIECE
  }

  /**
   * The packets of blocks from `first` on: at most `count`, fewer where a piece ends.
   * @throws {SourceFailed}
   */
  of(source: Source, blockSize: number, first: number, count: number): Frames {
    const packet = blockSize + DATA_HEADER
    const perPiece = Math.floor(PIECE / packet)
    const index = Math.floor((first - 1) / perPiece)
    const { memory, length } = this.#piece(source, blockSize, index, perPiece)
    const offset = (first - 1 - index * perPiece) * packet
    const here = Math.min(count, perPiece - (first - 1 - index * perPiece))
    return { memory, offset, length: Math.min(here * packet, length - offset), packet, count: here }
  }

  #piece(source: Source, blockSize: number, index: number, perPiece: number): Piece {
    const key = `${blockSize} ${index} ${source.key}`
    const known = this.#pieces.get(key)
    if (known) {
      this.#pieces.delete(key)
      this.#pieces.set(key, known)
      return known
    }
    const piece = { key, memory: this.#memory(), length: 0 }
    piece.length = this.#fill(piece.memory.bytes, source, blockSize, index * perPiece, perPiece)
    this.#pieces.set(key, piece)
    return piece
  }

  /** That of the piece used longest ago, where no more may be taken: what was sent from it is with the system already. */
  #memory(): Memory {
    const [oldest] = this.#pieces.values()
    if (oldest === undefined || this.#pieces.size < this.#most) return allocate(PIECE)
    this.#pieces.delete(oldest.key)
    return oldest.memory
  }

  /** @param before blocks of the file that come before these. @returns bytes that were written. */
  #fill(memory: Buffer, source: Source, blockSize: number, before: number, most: number): number {
    const from = before * blockSize
    const size = Math.min(most * blockSize, source.size - from)
    const data = this.#scratch.subarray(0, size)
    source.read(from, data)
    const count = Math.min(most, Math.floor(size / blockSize) + 1)
    let at = 0
    for (let index = 0; index < count; index += 1) {
      memory.writeUInt16BE(DATA_OPCODE, at)
      // After 65535 comes 0: RFC 1350 leaves it open, and this is what clients expect that don't negotiate it.
      memory.writeUInt16BE((before + index + 1) & 0xffff, at + 2)
      const block = data.subarray(index * blockSize, (index + 1) * blockSize)
      memory.set(block, at + DATA_HEADER)
      at += DATA_HEADER + block.length
    }
    return at
  }
}
