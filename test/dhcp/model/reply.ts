import { deepStrictEqual, strictEqual } from 'node:assert'
import { decode, type Packet } from '../../../src/dhcp/codec.ts'
import { MESSAGE, read } from '../../../src/dhcp/options.ts'
import { UNSPECIFIED } from '../../../src/net/ipv4.ts'
import { OPTION } from '../../../src/net/options/table.ts'
import { OWN } from '../../support/inventory.ts'

/** What replies have in common, whatever they say. */

export function kindOf({ options }: Packet): 'OFFER' | 'ACK' | 'NAK' | 'BOOTREPLY' {
  const type = read(options, OPTION.messageType)
  if (type === undefined) return 'BOOTREPLY'
  return type === MESSAGE.OFFER ? 'OFFER' : type === MESSAGE.ACK ? 'ACK' : 'NAK'
}

/** RFC 2131, table 3. @param seconds of the lease, if it is one. @throws {AssertionError} */
export function checkForm(datagram: Uint8Array, reply: Packet, seconds: number): void {
  const request = decode(datagram)
  const kind = kindOf(reply)
  const about = `the form of a ${kind}`
  const isInform = read(request.options, OPTION.messageType) === MESSAGE.INFORM
  const isLease = kind === 'OFFER' || (kind === 'ACK' && !isInform)
  deepStrictEqual([reply.op, reply.xid, reply.chaddr], [2, request.xid, request.chaddr], about)
  strictEqual(reply.giaddr, request.giaddr, about)
  strictEqual(reply.ciaddr, kind === 'OFFER' || kind === 'NAK' ? UNSPECIFIED : request.ciaddr, about)
  if (kind === 'NAK' || isInform) strictEqual(reply.yiaddr, UNSPECIFIED, about)
  strictEqual(read(reply.options, OPTION.serverId), kind === 'BOOTREPLY' ? undefined : OWN, about)
  strictEqual(read(reply.options, OPTION.leaseTime), isLease ? seconds : undefined, about)
  for (const echoed of [OPTION.clientId, OPTION.relayAgent]) {
    deepStrictEqual(reply.options.get(echoed.code), request.options.get(echoed.code), about)
  }
  if (request.options.has(OPTION.relayAgent.code)) {
    strictEqual([...reply.options.keys()].at(-1), OPTION.relayAgent.code, about)
  }
}
