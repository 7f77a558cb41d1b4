/** The name that somebody probably meant; undefined where none is like it. */
export function nearest(meant: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.ceil(meant.length / 3) + 1
  for (const name of names) {
    const distance = name.includes(meant) ? name.length / 100 : editDistance(meant, name)
    if (distance < least) {
      best = name
      least = distance
    }
  }
  return best
}

/** Characters to insert, remove or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [row, character] of [...a].entries()) {
    const current = [row + 1]
    for (let column = 0; column < b.length; column += 1) {
      const replaced = (previous[column] as number) + (character === b[column] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] as number) + 1, (current[column] as number) + 1))
    }
    previous = current
  }
  return previous[b.length] as number
}
