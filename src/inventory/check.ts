import { canonicalOptions, type OptionValues } from '../net/options/configured.ts'
import { type FieldError, InventoryError } from './errors.ts'

/** Collects what is wrong, so that an administrator sees all of it at once. */
export class Check {
  readonly #errors: FieldError[] = []

  fail(field: string, message: string): void {
    this.#errors.push({ field, message })
  }

  /** On failure an empty text stands in: {@link done} throws before anyone can keep it. */
  value<T extends string>(field: string, text: string, parse: (text: string) => T): T {
    try {
      return parse(text)
    } catch (error) {
      this.fail(field, (error as Error).message)
      return '' as T
    }
  }

  optional<T extends string>(field: string, text: string | undefined, parse: (text: string) => T): T | null {
    return text === undefined ? null : this.value(field, text, parse)
  }

  /** DHCP options in their canonical form. */
  options(field: string, given: Record<string, unknown> = {}): OptionValues {
    const { options, errors } = canonicalOptions(given)
    for (const { name, message } of errors) this.fail(`${field}.${name}`, message)
    return options
  }

  done(): void {
    if (this.#errors.length > 0) throw InventoryError.invalid(this.#errors)
  }
}
