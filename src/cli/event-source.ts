import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'

/** A message of a stream of events. */
export type Message = { readonly event: string; readonly data: string }

/** Reads server-sent events (HTML, section 9.2.6): those with data, each as soon as it is whole. */
export async function* readEvents(stream: IncomingMessage): AsyncGenerator<Message> {
  let event = ''
  let data: string[] = []
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    const [, field = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? []
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n') }
      event = ''
      data = []
    }
  }
}
