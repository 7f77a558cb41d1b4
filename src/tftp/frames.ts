import { allocate, type Memory, type PacketRun } from '../net/datagrams.ts'
import type { Source } from './source.ts'

/** Bytes of DATA packets that are made at once. */
const PIECE = 256 * 1024
/** Of a DATA packet, before the block. */
export const DATA_HEADER = 4
const DATA_OPCODE = 3

/** DATA packets as they go into the network; all but the file's last one are equally long. Later calls overwrite them. */
export type Frames = PacketRun & { readonly count: number }

type Piece = {
  readonly key: string
  readonly memory: Memory
  readonly length: number
  /** Since it was last up for being replaced. */
  isUsed: boolean
  /** Its memory has gone to another. */
  isGone: boolean
}

/**
 * Makes DATA packets. They are the same for each client that takes a file in blocks of one size, whatever its window:
 * a rack that boots at once shares them. The pieces that were used lately stay in memory, within a budget.
 */
export class FrameCache {
  readonly #most: number
  /** The next one to be replaced first, unless it was used in the meantime. */
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
   * Packets from a block's place on: those of one piece.
   * @param index of the piece. @param perPiece blocks of it.
   * @throws {SourceFailed}
   */
  piece(source: Source, blockSize: number, index: number, perPiece: number): Piece {
    const key = `${blockSize} ${index} ${source.key}`
    const known = this.#pieces.get(key)
    if (known) {
      known.isUsed = true
      return known
    }
    const memory = this.#memory()
    const length = this.#fill(memory.bytes, source, blockSize, index * perPiece, perPiece)
    const piece = { key, memory, length, isUsed: false, isGone: false }
    this.#pieces.set(key, piece)
    return piece
  }

  /** That of another piece, where no more may be taken: what was sent from it is with the system already. */
  #memory(): Memory {
    if (this.#pieces.size < this.#most) return allocate(PIECE)
    for (const piece of this.#pieces.values()) {
      this.#pieces.delete(piece.key)
      if (piece.isUsed) {
        piece.isUsed = false
        this.#pieces.set(piece.key, piece)
      } else {
        piece.isGone = true
        return piece.memory
      }
    }
    throw new Error('a second look at a piece finds it unused')
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

/** The packets of one file in blocks of one size. */
export class FrameReader {
  readonly #cache: FrameCache
  readonly #source: Source
  readonly #blockSize: number
  readonly #perPiece: number
  /** The last one, and which it is. */
  #piece: Piece | undefined
  #index = -1

  constructor(cache: FrameCache, source: Source, blockSize: number) {
    this.#cache = cache
    this.#source = source
    this.#blockSize = blockSize
    this.#perPiece = Math.floor(PIECE / (blockSize + DATA_HEADER))
  }

  /**
   * The packets of blocks from `first` on: at most `count`, fewer where a piece ends.
   * @throws {SourceFailed}
   */
  read(first: number, count: number): Frames {
    const perPiece = this.#perPiece
    const packet = this.#blockSize + DATA_HEADER
    const index = Math.floor((first - 1) / perPiece)
    const { memory, length } = this.#pieceAt(index)
    const before = first - 1 - index * perPiece
    const here = Math.min(count, perPiece - before)
    const offset = before * packet
    return { memory, offset, length: Math.min(here * packet, length - offset), packet, count: here }
  }

  #pieceAt(index: number): Piece {
    const last = this.#piece
    if (last && index === this.#index && !last.isGone) {
      last.isUsed = true
      return last
    }
    this.#index = index
    this.#piece = this.#cache.piece(this.#source, this.#blockSize, index, this.#perPiece)
    return this.#piece
  }
}
