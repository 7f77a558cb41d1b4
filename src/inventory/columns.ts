const FEWEST = 1024

type Column = Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/**
 * A column of numbers with room for a row: the column itself, or one of twice its length that begins with what it held.
 * @param filler what the new rows hold.
 */
export function roomFor<T extends Column>(row: number, column: T, filler = 0): T {
  if (row < column.length) return column
  const Same = column.constructor as new (length: number) => T
  const larger = new Same(Math.max(FEWEST, 2 * column.length, row + 1)).fill(filler) as T
  larger.set(column)
  return larger
}
