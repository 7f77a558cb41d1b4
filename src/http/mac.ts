import { InventoryError } from '../inventory/errors.ts'
import { type Mac, parseMac } from '../net/mac.ts'

/** The MAC in a URL or a body, in any usual spelling. @throws {InventoryError} `invalid`. */
export function macOf(text: string): Mac {
  try {
    return parseMac(text)
  } catch (error) {
    throw InventoryError.invalid([{ field: 'mac', message: (error as Error).message }])
  }
}
