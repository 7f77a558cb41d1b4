import { OptionList } from '../net/options/option-list.ts'

/**
 * What one reply may say, by code: the memory is used for reply after reply. A value that is set again replaces the
 * one before in its place; null takes it out.
 */
export class ReplyValues {
  readonly #values: (Uint8Array | null | undefined)[] = new Array(256).fill(undefined)
  /** In the order in which they were set first. */
  readonly #codes: number[] = []

  /** For the next reply. */
  clear(): this {
    for (const code of this.#codes) this.#values[code] = undefined
    this.#codes.length = 0
    return this
  }

  set(code: number, value: Uint8Array | null): void {
    if (this.#values[code] === undefined) this.#codes.push(code)
    this.#values[code] = value
  }

  get(code: number): Uint8Array | null | undefined {
    return this.#values[code]
  }

  /**
   * Hands out the values, each once, first those of some codes, then those that the client wants, then the others
   * that are to be told.
   * @param wanted left out: all are to be told.
   */
  ordered(
    first: readonly number[],
    wanted: ArrayLike<number> | undefined,
    isTold: (code: number) => boolean
  ): OptionList {
    const options = new OptionList()
    for (const code of first) this.#hand(code, options)
    if (wanted !== undefined) for (let at = 0; at < wanted.length; at += 1) this.#hand(wanted[at] as number, options)
    for (const code of this.#codes) if (wanted === undefined || isTold(code)) this.#hand(code, options)
    return options
  }

  #hand(code: number, options: OptionList): void {
    const value = this.#values[code]
    if (!value) return
    options.append(code, value)
    this.#values[code] = null
  }
}
