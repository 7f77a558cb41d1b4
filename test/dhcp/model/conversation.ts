import { deepStrictEqual, fail, ok, strictEqual } from 'node:assert'
import type { Packet } from '../../../src/dhcp/codec.ts'
import type { Ipv4 } from '../../../src/net/ipv4.ts'
import { clientOf } from '../../support/boot.ts'
import { OWN } from '../../support/inventory.ts'
import { allLeases } from '../../support/leases.ts'
import { ip, mac } from '../../support/values.ts'
import { datagramOf, LINKS, type Link, linkOf, type Message, RELAY_AGENT } from './network.ts'
import { Reference } from './reference.ts'
import { checkForm, kindOf } from './reply.ts'
import { Site } from './site.ts'

/** A client's MAC, and which of the links it is on. */
type Place = { readonly who: number; readonly link: 0 | 1 }
/** A message whose address may still be a word: the one that its client was `offered`, or has or had last, its `own`. */
export type Said = Place & Pick<Message, 'kind' | 'clientId'> & { readonly address: string }
type Registration = { readonly who: number; readonly address: string | undefined }

export type Step =
  /** What comes in one turn of the event loop, and who is registered while that is being written. */
  | { readonly turn: readonly Said[]; readonly meanwhile: Registration | undefined }
  /** A client comes and takes what it is offered. */
  | { readonly joins: Place }
  /** Seconds go by. */
  | { readonly pass: number }
  | { readonly register: Registration }
  | { readonly remove: number }
  | { readonly explain: Place }
  | { readonly restart: true }

/** What a message changes as soon as it is durable. */
type Change = { readonly who: number; readonly address: Ipv4 } /** `isOwn`: as its fixed address. */ & (
  | { readonly kind: 'grant'; readonly seconds: number; readonly isOwn: boolean }
  | { readonly kind: 'release' | 'decline' }
)

/** Seconds. */
const FIXED_LEASE = 43_200

/** Clients and the server, each of whose answers is held against the reference. */
export class Conversation {
  readonly #site: Site
  readonly #reference: Reference
  #xid = 0

  static async open(): Promise<Conversation> {
    return new Conversation(await Site.open())
  }

  constructor(site: Site) {
    this.#site = site
    this.#reference = new Reference(site.clock.now)
  }

  close(): void {
    this.#site.close()
  }

  /** @throws {AssertionError} when an answer is none that may be, or the leases aren't those that were acknowledged. */
  async take(step: Step): Promise<void> {
    if ('turn' in step) await this.#turn(step.turn, step.meanwhile)
    else if ('joins' in step) await this.#join(step.joins)
    else if ('pass' in step) this.#site.clock.advance(step.pass)
    else if ('register' in step) this.#registered(step.register, await this.#register(step.register))
    else if ('remove' in step) await this.#remove(step.remove)
    else if ('explain' in step) this.#explain(step.explain)
    else this.#restart()
    this.#compareLeases()
  }

  async #turn(said: readonly Said[], meanwhile: Registration | undefined): Promise<void> {
    const messages = said.map((each) => this.#messageOf(each)).filter((each) => each !== undefined)
    const datagrams = messages.map((message) => datagramOf(message, ++this.#xid))
    let given: Ipv4 | undefined
    const replies = await this.#site.turn(datagrams, async () => {
      if (meanwhile) given = await this.#register(meanwhile)
    })
    const changes: Change[] = []
    for (const [index, message] of messages.entries()) {
      const reply = replies[index]
      const link = linkOf(message)
      const seconds = this.#secondsFor(message.who, link)
      if (reply) checkForm(datagrams[index]?.bytes as Uint8Array, reply, seconds)
      const isContested = messages.slice(0, index).some(({ address }) => address === message.address)
      const change = this.#judge(message, link, reply, { isContested, seconds })
      if (change) changes.push(change)
    }
    if (meanwhile) this.#registered(meanwhile, given)
    for (const change of changes) this.#make(change)
  }

  async #join(client: Place): Promise<void> {
    for (const said of [
      { kind: 'discover', address: 'none' },
      { kind: 'selecting', address: 'offered' }
    ] as const) {
      await this.#turn([{ ...client, ...said, clientId: 0 }], undefined)
    }
  }

  #messageOf({ address, link, ...said }: Said): Message | undefined {
    const reference = this.#reference
    const offered = reference.offerOf(said.who)
    const [own] = reference.latestOf(said.who)
    const meant =
      address === 'offered' ? offered : address === 'own' ? own : address === 'none' ? undefined : ip(address)
    if (meant === undefined && said.kind !== 'discover' && said.kind !== 'bootp') return undefined
    return { ...said, link: LINKS[link], address: said.kind === 'bootp' ? undefined : meant }
  }

  /** Of the lease that a client may get. */
  #secondsFor(who: number, link: Link | undefined): number {
    return link && this.#reference.fixedOn(who, link) === undefined ? link.subnet.lease : FIXED_LEASE
  }

  /** Holds an answer against what it may be. @param isContested whether an earlier message of the turn is about its address. */
  #judge(
    { kind, who, address }: Message,
    link: Link | undefined,
    reply: Packet | undefined,
    { isContested, seconds }: { isContested: boolean; seconds: number }
  ): Change | undefined {
    const about = `client ${who}: ${kind} ${address ?? ''}`
    const got = reply === undefined ? 'silence' : kindOf(reply)
    const reference = this.#reference
    if (kind === 'discover') {
      this.#judgeOffer(about, who, link as Link, address, reply?.yiaddr)
      if (reply) reference.offered(who, reply.yiaddr)
    } else if (kind === 'bootp') {
      const own = reference.fixedOn(who, link as Link)
      strictEqual(reply?.yiaddr, own, about)
      if (own !== undefined) return { kind: 'grant', who, address: own, seconds, isOwn: true }
    } else if (kind === 'inform') {
      strictEqual(got, link === undefined ? 'silence' : 'ACK', about)
    } else if (kind === 'release' || kind === 'decline') {
      strictEqual(got, 'silence', about)
      if (address !== undefined && reference.holds(who, address)) return { kind, who, address }
    } else if (address !== undefined) {
      const verdict = link === undefined ? 'silence' : reference.verdict(who, kind, link, address)
      const isLost = verdict === 'ACK' && got === 'silence' && isContested
      ok(verdict === 'any' || verdict === got || isLost, `${about}: ${got}, not ${verdict}`)
      if (got === 'silence' && verdict !== 'silence') reference.unsettled(address, who)
      if (got !== 'ACK') return undefined
      strictEqual(reply?.yiaddr, address, about)
      this.#refuseObjection(about, who, address)
      reference.offered(who, address)
      return { kind: 'grant', who, address, seconds, isOwn: reference.fixed.get(who) === address }
    }
    return undefined
  }

  #judgeOffer(about: string, who: number, link: Link, requested: Ipv4 | undefined, offered: Ipv4 | undefined): void {
    const expected = this.#reference.offerFor(who, link, requested)
    if (expected === 'nothing') strictEqual(offered, undefined, about)
    else if (expected === 'something') ok(offered, `${about}: nothing, though there are free addresses`)
    else if (expected !== 'any') strictEqual(offered, expected, about)
    if (offered !== undefined) this.#refuseObjection(about, who, offered)
  }

  #refuseObjection(about: string, who: number, address: Ipv4): void {
    const objection = this.#reference.objection(who, address)
    if (objection !== undefined) fail(`${about}: it is told ${address}, but ${objection}`)
  }

  #make(change: Change): void {
    const { kind, who, address } = change
    if (kind === 'grant') {
      const owner = [...this.#reference.fixed].find(([, own]) => own === address)?.[0]
      ok(owner === undefined || owner === who, `client ${who} was acknowledged ${address}, machine ${owner}'s`)
      const isFree = change.isOwn || !this.#reference.isOthers(address, who)
      ok(isFree, `client ${who} was acknowledged another's ${address}`)
      this.#reference.granted(who, address, change.seconds)
    } else {
      this.#reference.ended(kind, address)
    }
  }

  #register({ who, address }: Registration): Promise<Ipv4 | undefined> {
    return this.#site.register(who, address === undefined ? undefined : ip(address))
  }

  #registered({ who }: Registration, address: Ipv4 | undefined): void {
    if (address === undefined) return
    ok(!this.#reference.isOthers(address, who), `machine ${who} was given ${address}, which another client has`)
    this.#reference.registered(who, address)
  }

  async #remove(who: number): Promise<void> {
    await this.#site.remove(who)
    this.#reference.removed(who)
  }

  #explain({ who, link }: Place): void {
    const plan = this.#site.allocator.plan(clientOf(mac(who), 'os', [OWN, RELAY_AGENT][link]))
    this.#judgeOffer(`explain client ${who}`, who, LINKS[link], undefined, 'address' in plan ? plan.address : undefined)
  }

  #restart(): void {
    this.#site.restart()
    this.#reference.restarted()
  }

  #compareLeases(): void {
    const sorted = (leases: { address: Ipv4 }[]) => leases.sort((a, b) => (a.address < b.address ? -1 : 1))
    const kept = Array.from(allLeases(this.#site.leases), ({ address, mac, state, expiresAt }) => ({
      ...{ address, mac, state, expiresAt }
    }))
    const acknowledged = Array.from(this.#reference.bindings, ([address, { who, state, until }]) => ({
      ...{ address, mac: mac(who), state, expiresAt: until }
    }))
    deepStrictEqual(sorted(kept), sorted(acknowledged), 'the leases that are kept are those that were acknowledged')
  }
}
