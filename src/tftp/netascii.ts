import { type Source, SourceFailed } from './source.ts'

/** Bytes. Mode netascii is for texts: a loader or a kernel would arrive damaged. */
const LONGEST_TEXT = 16 << 20
/** Bytes of the text between two places that are looked up. */
const STEP = 65_536

const LF = 10
const CR = 13
const NUL = 0

/**
 * A text as netascii has it (RFC 764, as RFC 1350 says): a line ends in CR LF, and a CR alone is CR NUL. It is converted
 * as it is read, so that it takes no memory.
 * @throws {SourceFailed} when it is too long for a text, or can't be read.
 */
export function netascii(text: Source): Source {
  if (text.size > LONGEST_TEXT) throw new SourceFailed(`mode netascii is for texts of up to ${LONGEST_TEXT} bytes`)
  /** Where each step of the text begins in netascii, and where the last one ends. */
  const starts = [0]
  for (let offset = 0; offset < text.size; offset += STEP) {
    const piece = readPiece(text, offset)
    starts.push((starts.at(-1) as number) + piece.length + countSpecial(piece))
  }
  return {
    key: `netascii ${text.key}`,
    size: starts.at(-1) as number,
    read(offset, target) {
      let step = stepAt(starts, offset)
      for (let done = 0; done < target.length; step += 1) {
        const converted = convert(readPiece(text, step * STEP))
        const from = offset + done - (starts[step] as number)
        const part = converted.subarray(from, from + target.length - done)
        target.set(part, done)
        done += part.length
      }
    },
    close: text.close
  }
}

function readPiece(text: Source, offset: number): Uint8Array {
  const piece = new Uint8Array(Math.min(STEP, text.size - offset))
  text.read(offset, piece)
  return piece
}

function countSpecial(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (byte === LF || byte === CR) count += 1
  return count
}

function convert(bytes: Uint8Array): Uint8Array {
  const converted = new Uint8Array(bytes.length + countSpecial(bytes))
  let at = 0
  for (const byte of bytes) {
    if (byte === LF) converted[at++] = CR
    converted[at++] = byte
    if (byte === CR) converted[at++] = NUL
  }
  return converted
}

/** The last step that begins at the offset or before it. */
function stepAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] as number) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
