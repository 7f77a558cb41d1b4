/**
 * The name that somebody probably meant: the shortest that has each of their words, but for a few letters.
 * `ntpServer` is `ntp-servers`, `mtu` is `interface-mtu`.
 */
export function nearest(meant: string, names: Iterable<string>): string | undefined {
  const words = meant
    .slice(0, 64)
    .split(/(?=[A-Z])|[^A-Za-z0-9]/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase())
  if (words.length === 0) return undefined
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const name of names) {
    const distances = words.map((word) => distanceTo(name, word))
    const distance = distances.reduce((sum, each) => sum + each, name.length / 100)
    if (distance < least) {
      best = name
      least = distance
    }
  }
  return best
}

/** How far a word is from the nearest of a name's, or its beginning; infinite where more than half is different. */
function distanceTo(name: string, word: string): number {
  const distance = Math.min(...name.split('-').map((part) => (part.startsWith(word) ? 0 : editDistance(word, part))))
  return distance <= word.length / 2 ? distance : Number.POSITIVE_INFINITY
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
