type Made<T> = { readonly basis: readonly unknown[]; readonly value: T }

/** How many values are remembered; the oldest goes first. */
const ENTRIES = 1024

/**
 * Remembers what was made of what, as long as all of that is the same. Entities are never changed in place: a change puts another
 * one in their stead, so identity tells.
 */
export class Remembered<T> {
  readonly #made = new Map<string, Made<T>>()

  /** @param basis all that `make` looks at, as many things for every key. */
  of(key: string, basis: readonly unknown[], make: () => T): T {
    const known = this.#made.get(key)
    if (known && basis.every((each, index) => each === known.basis[index])) return known.value
    const value = make()
    const [oldest] = this.#made.keys()
    if (known === undefined && this.#made.size >= ENTRIES && oldest !== undefined) this.#made.delete(oldest)
    this.#made.set(key, { basis, value })
    return value
  }
}
