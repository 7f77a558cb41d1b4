import { InventoryError } from '../inventory/errors.ts'

/** A value in a URL or a body that is more than its shape. @throws {InventoryError} `invalid`, naming the field. */
export function parsed<T>(field: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw InventoryError.invalid([{ field, message: (error as Error).message }])
  }
}
