import type { IncomingHttpHeaders } from 'node:http'

/** What of a file a request is to be sent; `start` and `end` are offsets of bytes, both included. */
export type Part =
  | { readonly status: 200 }
  | { readonly status: 206; readonly start: number; readonly end: number }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 }

const WHOLE: Part = { status: 200 }

/**
 * Reads a request's conditions and its range (RFC 9110, sections 13.1 and 14). A range of a form
 * that isn't understood, or several, may be ignored: the whole file comes.
 * @param method a range is for GET alone (section 14.2).
 * @param tag the file's strong entity tag, with its quotes. @param size in bytes.
 */
export function partOf(method: string, headers: IncomingHttpHeaders, tag: string, size: number): Part {
  const required = tagsOf(headers['if-match'])
  if (required && !required.includes(tag) && !required.includes('*')) return { status: 412 }
  const known = tagsOf(headers['if-none-match'])?.map((each) => each.replace(/^W\//, ''))
  if (known?.includes(tag) || known?.includes('*')) return { status: 304 }
  if (method !== 'GET') return WHOLE
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

/** A header of entity tags; ours has no comma. */
function tagsOf(header: string | undefined): string[] | undefined {
  return header?.split(',').map((each) => each.trim())
}

function suffix(length: number, size: number): Part {
  if (length === 0 || size === 0) return { status: 416 }
  return { status: 206, start: Math.max(0, size - length), end: size - 1 }
}
