import { type Mac, parseMac } from '../net/mac.ts'
import { parsed } from './fields.ts'

/** The MAC in a URL or a body, in any usual spelling. @throws {InventoryError} `invalid`. */
export function macOf(text: string, field = 'mac'): Mac {
  return parsed(field, () => parseMac(text))
}
