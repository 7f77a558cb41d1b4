/** Words that many rows have in common: each is kept once. */
export class SharedWords {
  readonly #words = new Map<string, string>()

  shared<T extends string>(word: T): T {
    const known = this.#words.get(word)
    if (known !== undefined) return known as T
    this.#words.set(word, word)
    return word
  }
}
