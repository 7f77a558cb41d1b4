import type { IncomingHttpHeaders } from 'node:http'
import type { TSchema } from 'typebox'
import { InventoryError } from '../../inventory/errors.ts'
import type { FileStore } from '../../inventory/files.ts'
import type { Inventory } from '../../inventory/inventory.ts'
import { type EntityKind, GLOBAL, KEY_FIELD, keyOf } from '../../inventory/model.ts'
import { subnetKey } from '../../inventory/normalize.ts'
import { viewOf } from './views.ts'
import { putInput, SCHEMAS } from './writers.ts'

type Reply = { header(name: string, value: string): unknown }

/** The entities of a kind, as REST reads and writes one of them. */
export class Resource {
  readonly kind: EntityKind
  readonly #inventory: Inventory
  readonly #files: FileStore

  constructor(kind: EntityKind, inventory: Inventory, files: FileStore) {
    this.kind = kind
    this.#inventory = inventory
    this.#files = files
  }

  /** The key that a URL names, in its canonical spelling; the global settings have but one. */
  key(named: string | undefined): string {
    if (this.kind === 'subnet') return subnetKey(named ?? '')
    return this.kind === 'global' ? GLOBAL : (named ?? '')
  }

  /** @throws {InventoryError} `not-found`. */
  read(reply: Reply, key: string): Record<string, unknown> {
    const shown = viewOf(this.kind, this.#inventory.need(this.kind, key))
    reply.header('etag', `"${this.#inventory.version(this.kind, key)}"`)
    return shown
  }

  /** Writes an entity and answers with what it became. */
  async write(actor: string, reply: Reply, input: unknown): Promise<object> {
    const draft = this.#inventory.draft()
    const key = keyOf(this.kind, putInput(draft, this.#files, this.kind, input))
    const { replicated } = await this.#inventory.commit(draft, actor)
    return { ...this.read(reply, key), replicated }
  }

  /** The schema of a body whose name the URL gives. */
  get keylessSchema(): TSchema {
    if (this.kind === 'global') return SCHEMAS.global
    const schema = SCHEMAS[this.kind]
    return { ...schema, required: schema.required.filter((field) => field !== KEY_FIELD[this.kind]) }
  }

  /** The body with the name that the URL gives it. */
  named(key: string, body: unknown): unknown {
    if (this.kind === 'global' || typeof body !== 'object' || body === null || Array.isArray(body)) return body
    const field = KEY_FIELD[this.kind]
    const given = (body as Record<string, unknown>)[field]
    if (given !== undefined && given !== key) {
      throw InventoryError.invalid([
        { field, message: `"${given}" is not "${key}", which the URL names; there is no renaming` }
      ])
    }
    return { ...body, [field]: key }
  }

  /** If-Match (RFC 9110, 13.1.1): the write is refused when somebody else's came between. */
  checkVersion(key: string, { 'if-match': expected }: IncomingHttpHeaders): void {
    if (expected === undefined) return
    const exists = this.#inventory.get(this.kind, key) !== undefined
    const current = `"${this.#inventory.version(this.kind, key)}"`
    const tags = expected.split(',').map((tag) => tag.trim())
    if (!exists || !(tags.includes('*') || tags.includes(current))) {
      throw new InventoryError('stale', `${this.kind} ${key} was changed since it was read: read it again`)
    }
  }
}
