import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { Loaders } from '../../../src/boot/loaders.ts'
import { provisioningServer, type Timeouts } from '../../../src/http/provisioning/server.ts'
import { ClientCount, type ClientLimits } from '../../../src/net/client-limits.ts'
import { Contents } from '../../../src/net/content/contents.ts'
import type { Step } from '../../../src/net/step.ts'
import type { TransferStart } from '../../../src/net/transfer-watch.ts'
import { machineSide } from '../../daemon/machine-side.ts'
import { openBoot } from '../../support/boot.ts'
import { tempFolder } from '../../support/temp-folder.ts'

type Options = { memory?: number; limits?: ClientLimits; timeouts?: Timeouts }

/** What a transfer was watched to do. */
export type Watched = TransferStart & { readonly reached: number[]; complete?: boolean }

/** The provisioning side alone on a port of its own, with a folder of loaders, and all that it tells. */
export async function serving(t: ExecutionContext, options: Options = {}) {
  const boot = await openBoot(t)
  const folder = join(tempFolder(t), 'loaders')
  mkdirSync(folder)
  const [told, steps, transfers, internal] = [[] as string[], [] as Step[], [] as Watched[], [] as Error[]]
  const contents = new Contents(options.memory ?? 8 << 20, (message) => told.push(message))
  const connections = new ClientCount(options.limits ?? { perClient: undefined, total: 1000 })
  const app = provisioningServer({
    boot: boot.service,
    callbacks: boot.callbacks,
    loaders: new Loaders(folder),
    contents,
    connections,
    watch: (start) => {
      const watched: Watched = { ...start, reached: [] }
      transfers.push(watched)
      return {
        reached: (bytes) => watched.reached.push(bytes),
        ended: (complete) => Object.assign(watched, { complete })
      }
    },
    report: (step) => steps.push(step),
    onInternal: (error) => internal.push(error),
    ...(options.timeouts ? { timeouts: options.timeouts } : {})
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const { port } = app.server.address() as { port: number }
  const machines = machineSide(`http://127.0.0.1:${port}`)
  return { boot, folder, told, steps, transfers, internal, contents, connections, port, machines }
}

/** A connection that takes nothing until it is read from. */
export async function connected(t: ExecutionContext, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket.on('error', () => undefined)
}

/** All that comes until the other side ends the connection. */
export async function untilEnd(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  if (!socket.closed) await new Promise((closed) => socket.once('close', closed))
  return Buffer.concat(parts)
}
