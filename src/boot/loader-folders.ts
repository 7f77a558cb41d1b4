import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { NoSuchFile, resolveConfined } from '../net/confined.ts'

/** A folder of loaders, and one of those that came from the other instance of a pair: these count where the first lacks them. */
export class LoaderFolders {
  readonly #own: string
  readonly #received: string | undefined
  readonly #alsoAllowed: readonly string[]

  /** @param alsoAllowed where symbolic links of the first folder may lead beside itself. */
  constructor(own: string, received: string | undefined, alsoAllowed: readonly string[] = []) {
    this.#own = own
    this.#received = received
    this.#alsoAllowed = alsoAllowed
  }

  /** The path of a file, absolute and without symbolic links. @throws {NoSuchFile} what the first folder says, where neither has it. */
  async resolve(name: string): Promise<string> {
    try {
      return await this.own(name)
    } catch (error) {
      if (!(error instanceof NoSuchFile) || this.#received === undefined) throw error
      return resolveConfined(this.#received, name).catch(() => {
        throw error
      })
    }
  }

  /** The same without what came from the other instance. @throws {NoSuchFile} */
  own(name: string): Promise<string> {
    return resolveConfined(this.#own, name, this.#alsoAllowed)
  }

  /** Whether a file of this name can be read in either now. */
  has(name: string): boolean {
    return [this.#own, this.#received].some((folder) => folder !== undefined && isReadable(join(folder, name)))
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
