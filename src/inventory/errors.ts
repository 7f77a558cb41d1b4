/**
 * What can be wrong with a change to the inventory. The codes are stable: REST hands them on in
 * problem+json, scripts may rely on them.
 */
export type InventoryErrorCode =
  /** A value isn't of its form; `fields` names each. */
  | 'invalid'
  /** There is no such machine, role, image, subnet or token. */
  | 'not-found'
  /** A name, MAC or address belongs to another already. */
  | 'taken'
  /** Another entity refers to it. */
  | 'in-use'
  /** The subnet has no address left. */
  | 'no-address'
  /** The entity was changed since it was read (If-Match). */
  | 'stale'
  /** The machine's state doesn't allow it. */
  | 'wrong-state'
  /** The other instance can't be reached. */
  | 'unreachable'
  /** The other instance refuses. */
  | 'refused'

export type FieldError = { field: string; message: string }

export class InventoryError extends Error {
  override readonly name = 'InventoryError'
  readonly code: InventoryErrorCode
  readonly fields: readonly FieldError[]

  constructor(code: InventoryErrorCode, message: string, fields: readonly FieldError[] = []) {
    super(message)
    this.code = code
    this.fields = fields
  }

  static invalid(fields: readonly FieldError[]): InventoryError {
    return new InventoryError('invalid', fields.map(({ field, message }) => `${field}: ${message}`).join('; '), fields)
  }
}
