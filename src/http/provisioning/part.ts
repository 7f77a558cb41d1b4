import type { IncomingHttpHeaders } from 'node:http'

/** What of a file a request is to be sent; `start` and `end` are offsets of bytes, both included. */
export type Part =
  | { readonly status: 200 }
  | { readonly status: 206; readonly start: number; readonly end: number }
  | { readonly status: 304 }
  | { readonly status: 416 }

const WHOLE: Part = { status: 200 }

/**
 * Reads a request's conditions and its range (RFC 9110, sections 13.1 and 14). A range of a form
 * that isn't understood, or several, may be ignored: the whole file comes.
 * @param tag the file's strong entity tag, with its quotes. @param size in bytes.
 */
export function partOf(headers: IncomingHttpHeaders, tag: string, size: number): Part {
  const known = headers['if-none-match']?.split(',').map((each) => each.trim().replace(/^W\//, ''))
  if (known?.includes(tag) || known?.includes('*')) return { status: 304 }
  const ifRange = headers['if-range']
  const range = /^bytes=([0-9]*)-([0-9]*)$/i.exec(headers.range ?? '')
  if (range === null || (ifRange !== undefined && ifRange !== tag)) return WHOLE
  const [, first = '', last = ''] = range
  if (first === '') return last === '' ? WHOLE : suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return WHOLE
  return start < size ? { status: 206, start, end } : { status: 416 }
}

function suffix(length: number, size: number): Part {
  if (length === 0) return { status: 416 }
  return { status: 206, start: Math.max(0, size - length), end: size - 1 }
}
