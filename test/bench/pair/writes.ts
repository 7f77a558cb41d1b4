/*
 * Registers machines over REST, each request once the one before is acknowledged, on connections that stay open. Arguments: the
 * state folder, writers, seconds. Prints JSON: writes a second, and milliseconds of the quantiles.
 */
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { findAccess } from '../../../src/cli/client.ts'
import { clientMac } from '../dhcp/site.ts'

const [state = '', writers = '1', seconds = '2'] = process.argv.slice(2)
const { url, token, ca } = findAccess(state, {})
const agent = new Agent({ keepAlive: true, ca: ca?.toString(), checkServerIdentity: () => undefined })
const run = Date.now().toString(36)
const took: number[] = []
let count = 0
const start = performance.now()

await Promise.all(Array.from({ length: Number(writers) }, () => writeUntil(start + Number(seconds) * 1000)))
agent.destroy()
took.sort((a, b) => a - b)
const quantile = (share: number) => took[Math.floor(share * (took.length - 1))]
const rate = took.length / ((performance.now() - start) / 1000)
console.log(JSON.stringify({ rate, p50: quantile(0.5), p99: quantile(0.99) }))

async function writeUntil(end: number): Promise<void> {
  while (performance.now() < end) {
    const before = performance.now()
    await write()
    took.push(performance.now() - before)
  }
}

async function write(): Promise<void> {
  count += 1
  const mac = clientMac(Math.floor(Math.random() * 2 ** 40))
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const sent = request(`${url}/api/v1/machines`, { method: 'POST', agent, headers })
  sent.end(JSON.stringify({ name: `m-${run}-${count}`, interfaces: [{ mac }] }))
  const [response] = await once(sent, 'response')
  const body = await text(response)
  if (response.statusCode !== 201) throw new Error(`${response.statusCode}: ${body}`)
}
