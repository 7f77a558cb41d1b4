import type { SteadyFile } from '../net/steady-file.ts'
import type { BootFile } from './files.ts'
import { netascii } from './netascii.ts'
import { bytesSource, fileSource, type Source } from './source.ts'

/** A source that several transfers have in common. */
type Shared = { readonly source: Source; users: number }

/** Opens what is sent: files on disk each once, for all transfers of it that go on at the same time. */
export class Sources {
  readonly #shared = new Map<string, Shared>()

  /**
   * @param mode `octet` or `netascii`. @param number of the transfer, which text that was made for it is told apart by.
   * @throws {SourceFailed}
   */
  open(file: BootFile, mode: string, number: number): Source {
    const source = 'bytes' in file ? bytesSource(`made ${number}`, file.bytes) : this.#share(file)
    if (mode === 'octet') return source
    try {
      return netascii(source)
    } catch (error) {
      source.close()
      throw error
    }
  }

  #share(file: SteadyFile): Source {
    const key = `${file.path} ${file.stamp}`
    const shared = this.#shared.get(key) ?? { source: fileSource(key, file), users: 0 }
    this.#shared.set(key, shared)
    shared.users += 1
    return { ...shared.source, close: () => this.#release(key, shared) }
  }

  #release(key: string, shared: Shared): void {
    shared.users -= 1
    if (shared.users > 0) return
    this.#shared.delete(key)
    shared.source.close()
  }
}
