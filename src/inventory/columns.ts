const FEWEST = 1024

type Column = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/**
 * A column of numbers with room for one at a place: the column itself, or one of twice its length that begins with what it held.
 * @param filler what the new places hold.
 */
export function roomFor<T extends Column>(place: number, column: T, filler = 0): T {
  if (place < column.length) return column
  const Same = column.constructor as new (length: number) => T
  const larger = new Same(Math.max(FEWEST, 2 * column.length, place + 1)).fill(filler) as T
  larger.set(column)
  return larger
}
