import { randomBytes } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { Slot } from '../inventory/address-shares.ts'
import { InventoryError } from '../inventory/errors.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import { type Invitation, readCode } from './code.ts'
import { frame, readOne } from './frames.ts'
import { type Address, dial, type Identity, type Opening } from './link.ts'
import { OLDEST_PROTOCOL, PROTOCOL } from './messages.ts'

/** How two instances become a pair: the second one shows the first one's code, each keeps the other's certificate. */

const KEY_BYTES = 32
/** Milliseconds: joining needs a few messages. */
const JOIN_MS = 5000

/** The other instance, as it was met. `key`: of the signs of life, base64. `slot`: this instance's own. */
export type KnownPeer = {
  readonly instance: string
  readonly cert: string
  readonly slot: Slot
  readonly key: string
}

type JoinAnswer =
  | { readonly refused: string }
  | { readonly instance: string; readonly version: string; readonly slot: Slot; readonly key: string }

type Joiner = {
  readonly instance: string
  readonly version: string
  /** Where machines reach it. */
  readonly addresses: readonly Ipv4[]
}

/** @throws {InventoryError} `invalid`, `unreachable`, or `refused` with the other instance's words. */
export async function askToJoin(to: Address, code: string, identity: Identity, self: Joiner): Promise<KnownPeer> {
  const { fingerprint, secret } = readGiven(code)
  const opening: Opening = { purpose: 'join', code: secret, protocol: PROTOCOL, oldest: OLDEST_PROTOCOL, ...self }
  const { answer, cert } = await exchange(to, identity, fingerprint, opening)
  if ('refused' in answer) throw new InventoryError('refused', answer.refused)
  return { instance: answer.instance, cert, slot: answer.slot, key: answer.key }
}

/**
 * Answers one who asks to join.
 * @param present the other instance that there is already.
 * @param ownerOf the machine that has an address.
 * @returns the new peer, or why it was refused.
 */
export function welcome(
  opening: Opening & { purpose: 'join' },
  socket: TLSSocket,
  cert: string,
  {
    self,
    present,
    invitation,
    ownerOf
  }: {
    self: Omit<Joiner, 'addresses'>
    present: KnownPeer | undefined
    invitation: Invitation
    ownerOf: (address: Ipv4) => string | undefined
  }
): KnownPeer | string {
  const refused = objection(opening, self, present) ?? invitation.objection(opening.code) ?? clash(opening, ownerOf)
  if (refused !== undefined) {
    socket.end(frame({ refused } satisfies JoinAnswer))
    return refused
  }
  const key = randomBytes(KEY_BYTES).toString('base64')
  socket.end(frame({ ...self, slot: 1, key } satisfies JoinAnswer))
  return { instance: opening.instance, cert, slot: 0, key }
}

function objection(
  { instance, protocol, oldest, version }: Opening & { purpose: 'join' },
  self: Omit<Joiner, 'addresses'>,
  present: KnownPeer | undefined
): string | undefined {
  if (present) return `${self.instance} and ${present.instance} are a pair already: a pair has two instances`
  if (protocol < OLDEST_PROTOCOL || PROTOCOL < oldest)
    return `version ${version} is too far from ${self.version} here: install the same on both`
  if (instance === self.instance) return `both are called ${instance}: give one another \`instance\` in its tandem.yaml`
  return undefined
}

/** Only to whoever has the code it is told which machine has an address. */
function clash(
  { instance, addresses = [] }: Opening & { purpose: 'join' },
  ownerOf: (address: Ipv4) => string | undefined
): string | undefined {
  for (const address of addresses) {
    const owner = ownerOf(address)
    if (owner !== undefined)
      return `${address}, where machines are to reach ${instance}, is machine ${owner}'s: give that another one (\`tandem machine set ${owner} --ipv4 ADDRESS\`), then invite anew`
  }
  return undefined
}

function readGiven(code: string): ReturnType<typeof readCode> {
  try {
    return readCode(code)
  } catch (error) {
    throw InventoryError.invalid([{ field: 'code', message: (error as Error).message }])
  }
}

async function exchange(
  to: Address,
  identity: Identity,
  fingerprint: string,
  opening: Opening
): Promise<{ answer: JoinAnswer; cert: string }> {
  try {
    const { socket, cert } = await dial(to, identity, fingerprint, opening)
    const { message } = await readOne(socket, JOIN_MS)
    socket.destroy()
    return { answer: message as JoinAnswer, cert }
  } catch (error) {
    throw new InventoryError('unreachable', `the other instance can't be joined: ${(error as Error).message}`)
  }
}
