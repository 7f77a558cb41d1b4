import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'

type Connection = { readonly gone: AbortSignal; last: Promise<unknown> }

const connections = new WeakMap<Socket, Connection>()

/**
 * Runs what answers a request once all that was asked before on its connection is answered: a client may ask for a thousand files
 * before it reads the first one, and none of them is to be open before its turn.
 * To be called as soon as a request is there, so that turns are in the order of the requests.
 * @param answer is given a signal for the connection's end.
 */
export async function inTurn<T>(socket: Socket, answer: (gone: AbortSignal) => Promise<T>): Promise<T> {
  const connection = connectionOf(socket)
  const turn = connection.last.then(() => answer(connection.gone))
  connection.last = turn.catch(() => undefined)
  return turn
}

function connectionOf(socket: Socket): Connection {
  const known = connections.get(socket)
  if (known) return known
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  if (socket.destroyed) controller.abort()
  else socket.once('close', () => controller.abort())
  const connection = { gone: controller.signal, last: Promise.resolve() }
  connections.set(socket, connection)
  return connection
}
