import { randomBytes, timingSafeEqual } from 'node:crypto'

/** Milliseconds that a code can be used. */
const LIFETIME = 15 * 60_000
/** Wrong codes after which the right one is void too. */
const ATTEMPTS = 5
const SECRET_BYTES = 10
const FINGERPRINT_BYTES = 32
/** base64url may begin with a hyphen, which a command line takes for an option. */
const PREFIX = 'pair.'

/** The code by which a second instance joins: the first's fingerprint, by which it is known, and a secret that works once. */
export class Invitation {
  readonly #now: () => number
  #secret: Buffer | undefined
  #until = 0
  #left = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** A new code; an earlier one is void. @param fingerprint hexadecimal. */
  issue(fingerprint: string): { code: string; until: number } {
    this.#secret = randomBytes(SECRET_BYTES)
    this.#until = this.#now() + LIFETIME
    this.#left = ATTEMPTS
    const bytes = Buffer.concat([Buffer.from(fingerprint, 'hex'), this.#secret])
    return { code: `${PREFIX}${bytes.toString('base64url')}`, until: this.#until }
  }

  /** @returns why the secret opens nothing; undefined: it does, and is used up. */
  objection(secret: string): string | undefined {
    if (this.#secret === undefined)
      return 'no code was issued, or it was used: run `tandem pair invite` there for a new one'
    if (this.#now() > this.#until) {
      this.#secret = undefined
      return 'the code is older than 15 minutes: run `tandem pair invite` there for a new one'
    }
    const given = Buffer.from(secret, 'base64url')
    if (given.length === SECRET_BYTES && timingSafeEqual(given, this.#secret)) {
      this.#secret = undefined
      return undefined
    }
    this.#left -= 1
    if (this.#left <= 0) this.#secret = undefined
    return 'the code is wrong: give it as `tandem pair invite` showed it'
  }
}

/** What a code says. @throws {TypeError} when it is none. */
export function readCode(code: string): { fingerprint: string; secret: string } {
  const text = code.trim()
  const bytes = Buffer.from(text.startsWith(PREFIX) ? text.slice(PREFIX.length) : '', 'base64url')
  if (bytes.length !== FINGERPRINT_BYTES + SECRET_BYTES) {
    throw new TypeError('this is no code of a pair: give it whole, as `tandem pair invite` shows it')
  }
  return {
    fingerprint: bytes.toString('hex', 0, FINGERPRINT_BYTES),
    secret: bytes.toString('base64url', FINGERPRINT_BYTES)
  }
}
