import { MalformedBytes } from '../bytes.ts'
import { bytes, printHex } from './hex.ts'
import type { Kind } from './kinds.ts'
import { nearest } from './nearest.ts'
import { type Option, option } from './option.ts'

/** Options whose codes mean something together: DHCP's own, or those inside of one option. */
export class OptionSpace {
  readonly #byName: ReadonlyMap<string, Option<unknown>>
  readonly #byCode: ReadonlyMap<number, Option<unknown>>

  /** @param options of two with one code, the first is what the code stands for. */
  constructor(options: readonly Option<unknown>[]) {
    this.#byName = new Map(options.map((each) => [each.name, each]))
    this.#byCode = new Map(options.toReversed().map((each) => [each.code, each]))
  }

  named(name: string): Option<unknown> | undefined {
    return this.#byName.get(name)
  }

  coded(code: number): Option<unknown> | undefined {
    return this.#byCode.get(code)
  }

  /**
   * What an administrator means: a name, or a code as `224` or `option-224`. Codes that have no name hold hex.
   * @throws {TypeError} when there is none such, or it isn't for an administrator to set.
   */
  settable(key: string): Option<unknown> {
    const code = /^(?:option-)?(\d+)$/.exec(key)?.[1]
    const found = code === undefined ? this.#byName.get(key) : this.#numbered(Number(code))
    if (found === undefined) {
      const names = this.#byName
        .values()
        .filter((each) => each.reserved === undefined)
        .map(({ name }) => name)
      const like = nearest(key, names)
      const hint = like === undefined ? 'write its code (224) and its value in hex' : `did you mean ${like}?`
      throw new TypeError(`is not an option that Tandem knows; ${hint}`)
    }
    if (found.reserved !== undefined) throw new TypeError(`can't be set: ${found.reserved}`)
    return found
  }

  /** For people; see {@link printValue}. A code that has no name is its own. */
  print(code: number, value: Uint8Array): { name: string; value: unknown } {
    const { name, kind } = this.#byCode.get(code) ?? custom(code)
    return { name, value: printValue(kind, value) }
  }

  #numbered(code: number): Option<unknown> {
    if (code < 1 || code > 254) throw new TypeError('is not a code: options have 1 to 254')
    return this.#byCode.get(code) ?? custom(code)
  }
}

/** A value as JSON for people; what isn't of its kind is hex with the reason. Never throws. */
export function printValue(kind: Kind<unknown>, value: Uint8Array): unknown {
  try {
    return kind.print(kind.read(value))
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    return `${printHex(value)} (malformed: ${error.message})`
  }
}

function custom(code: number): Option<Uint8Array> {
  return option(code, `${code}`, bytes, 'site')
}
