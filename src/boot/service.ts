import type { Attempt } from '../inventory/attempts.ts'
import type { Now } from '../inventory/clock.ts'
import { InventoryError } from '../inventory/errors.ts'
import { type EventInput, eventChange } from '../inventory/events.ts'
import { generationText } from '../inventory/lifecycle.ts'
import type { Image, Machine } from '../inventory/model.ts'
import type { Ipv4 } from '../net/ipv4.ts'
import type { Mac } from '../net/mac.ts'
import { PRESEED_TEMPLATE, templateContext } from './answers.ts'
import { type Language, SCRIPT_TEMPLATES } from './boot-languages.ts'
import { type Decision, decide, type Situation } from './decide.ts'
import { type Endpoints, paths } from './endpoints.ts'
import { type Facts, handshakeOf, identify, standingOf } from './identify.ts'
import { Remembered } from './remembered.ts'
import type { Renderer } from './render.ts'
import { redact } from './secrets.ts'
import type { Speakers } from './speakers.ts'

/** Why an installer's request was refused; each has its HTTP status in the provisioning server. */
export type RefusalCode = 'unknown-token' | 'ended' | 'wrong-source' | 'already-installing' | 'no-lease' | 'too-many'

export class BootRefusal extends Error {
  override readonly name = 'BootRefusal'
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

export type Script = { text: string; decision: Decision; attempt: Attempt | null }

/** @property length bytes of the text in UTF-8. */
export type Preseed = { readonly text: string; readonly length: number; readonly attempt: Attempt }

/** Serves the boot decision to machines: scripts and install files. Reading them changes no machine's state. */
export class BootService {
  readonly facts: Facts
  readonly #endpoints: Endpoints
  readonly #renderer: Renderer
  readonly #speakers: Speakers
  readonly #now: Now
  /** By token. */
  readonly #preseeds = new Remembered<{ text: string; length: number }>()
  /** The files of images in scripts that were handed out, by the end of their URL. */
  readonly #handedOut = new Set<string>()

  constructor(options: { facts: Facts; endpoints: Endpoints; renderer: Renderer; speakers: Speakers; now: Now }) {
    this.facts = options.facts
    this.#endpoints = options.endpoints
    this.#renderer = options.renderer
    this.#speakers = options.speakers
    this.#now = options.now
  }

  /**
   * The boot script of the machine with this MAC, for iPXE or what else runs there; for an install it mints the attempt's token.
   * @param from the address that asks; @param server this instance's address that it reached.
   */
  async script(mac: Mac, from: Ipv4, server: Ipv4, language: Language = 'ipxe'): Promise<Script> {
    const situation = identify(this.facts, mac, 'ipxe')
    const decision = this.#withheld(situation, from) ?? decide(situation)
    const minted =
      decision.action === 'install' && situation.machine ? await this.#mint(situation.machine, mac, from) : undefined
    if (minted && situation.image) this.#handOut(situation.image)
    const context = templateContext(situation, decision, this.#endpoints, server, minted?.token ?? null)
    const text = this.#renderer.render(SCRIPT_TEMPLATES[language][decision.action], context)
    return { text, decision, attempt: minted?.attempt ?? null }
  }

  /**
   * Whether an image has a file of this content under this name, or had it when a script was handed out: a machine that boots
   * while its image is replaced goes on with the version that it began with. The store has that until the next start.
   */
  isImageFile(name: string, sha256: string, file: string): boolean {
    const image = this.facts.inventory.get('image', name)
    const isNamed = [image?.kernel, image?.initrd].some((each) => each?.sha256 === sha256 && each.name === file)
    return isNamed || this.#handedOut.has(paths.file(name, sha256, file))
  }

  /** The URL by which a machine reaches the other instance with a request that came here; undefined where there is none. */
  atPeer(path: string, server: Ipv4): string | undefined {
    return this.#endpoints.peerUrl(server, path)
  }

  /** The preseed file of an attempt, for the machine's own address until it reports `installing`. */
  preseed(token: string, from: Ipv4, server: Ipv4): Preseed {
    const { attempt, machine } = this.redeem(token)
    if (machine.life.rank === 'installed')
      throw new BootRefusal('ended', `${machine.name} is installed: its token is void`)
    if (attempt.stage === 'installing' || attempt.stage === 'failed') {
      throw new BootRefusal(
        'already-installing',
        `attempt ${attempt.id} reported ${attempt.stage}: its files are closed`
      )
    }
    const macs = machine.interfaces.map((each) => each.mac)
    if (!macs.includes(attempt.mac)) {
      throw new BootRefusal('ended', `${attempt.mac} is no interface of ${machine.name} any more: its token is void`)
    }
    if (!this.#speakers.speaksForAny(from, macs)) {
      throw new BootRefusal('wrong-source', `${from} is no address of ${machine.name}, as far as is known`)
    }
    const { mac, id } = attempt
    // What the file is made of; who may read it is asked each time, above.
    const basis = [mac, id, server, this.#endpoints.peerUrl(server, ''), ...Object.values(standingOf(this.facts, mac))]
    const file = this.#preseeds.of(token, basis, () => {
      const situation = identify(this.facts, mac, 'os')
      const decision: Decision = { action: 'install', reasons: [`attempt ${id}`] }
      const context = templateContext(situation, decision, this.#endpoints, server, token)
      const text = this.#renderer.render(PRESEED_TEMPLATE, context)
      return { text, length: Buffer.byteLength(text) }
    })
    return { ...file, attempt }
  }

  /** The attempt of a token, with its machine in the same generation still. @throws {BootRefusal} */
  redeem(token: string): { attempt: Attempt; machine: Machine } {
    const attempt = this.facts.attempts.byToken(token)
    const machine = attempt && this.facts.inventory.get('machine', attempt.machine)
    if (!attempt || !machine) throw new BootRefusal('unknown-token', 'no attempt has this token')
    if (machine.life.goal !== 'install' || generationText(machine.life.generation) !== attempt.generation) {
      throw new BootRefusal('ended', `generation ${attempt.generation} of ${machine.name} has ended: its token is void`)
    }
    return { attempt, machine }
  }

  /**
   * A script or an install file as it would be, with a token that opens nothing and without secrets.
   * @throws {InventoryError} `wrong-state` when nothing says what would be installed.
   */
  dryRun(mac: Mac, file: Language | 'preseed'): string {
    const situation = identify(this.facts, mac, 'ipxe')
    const actual = decide(situation)
    if (file === 'preseed' && situation.image === undefined) {
      throw new InventoryError(
        'wrong-state',
        'there is no preseed file: neither the machine nor its role names an image'
      )
    }
    const decision: Decision = file === 'preseed' ? { action: 'install', reasons: actual.reasons } : actual
    const server = this.#endpoints.addressFor(situation.link)
    const shown = templateContext(situation, decision, this.#endpoints, server, 'TOKEN')
    const vars = Object.fromEntries(Object.entries(shown.vars).map(([name, value]) => [name, redact(name, value)]))
    const context = { ...shown, vars }
    const template = file === 'preseed' ? PRESEED_TEMPLATE : SCRIPT_TEMPLATES[file][actual.action]
    return this.#renderer.render(template, context)
  }

  #handOut({ name, kernel, initrd }: Image): void {
    for (const file of [kernel, initrd]) if (file) this.#handedOut.add(paths.file(name, file.sha256, file.name))
  }

  /** An installer isn't handed to whoever asks in another's name. */
  #withheld(situation: Situation, from: Ipv4): Decision | undefined {
    const decision = decide(situation)
    if (decision.action !== 'install' || this.#speakers.speaksFor(from, situation.mac)) return undefined
    return {
      action: 'wait',
      reasons: [...decision.reasons, `but ${from} is not its address, as far as is known: no installer is handed to it`]
    }
  }

  async #mint(machine: Machine, mac: Mac, address: Ipv4) {
    const { attempts, inventory, offerLimit } = this.facts
    const before = attempts.ofGeneration(machine)
    const minted = await attempts.mint(machine, { mac, address, lease: handshakeOf(this.facts, mac) })
    if (!before.some((attempt) => attempt.id === minted.attempt.id)) {
      const number = before.length + 1
      const earlier = before[0] ? `; the one before got as far as "${before[0].stage}"` : ''
      const event: EventInput = {
        type: 'boot',
        machine: machine.name,
        mac,
        address,
        attempt: minted.attempt.id,
        message: `install generation ${minted.attempt.generation}: attempt ${number} of ${offerLimit}${earlier}`
      }
      await inventory.write([eventChange(this.#now(), event)])
    }
    return minted
  }
}
