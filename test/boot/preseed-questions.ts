export type Question = { owner: string; name: string; type: string; value: string }

/**
 * The questions of a preseed file, as both readers of it agree: debconf-set-selections of debconf, and the one in the
 * installer, which joins lines by one space and drops white space around a value.
 * @throws {Error} for a line that isn't one.
 */
export function questionsOf(text: string): Question[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const joined = lines
    .map((line) => line.trimStart())
    .join('\n')
    .replace(/\s*\\\n/g, ' ')
  return joined.split('\n').map((line) => {
    const match = /^(\S+)\s+(\S+)\s+(select|boolean|string|multiselect|note|password)(?:\s+(.*))?$/.exec(line)
    if (match === null) throw new Error(`not a question: ${line}`)
    const [, owner = '', name = '', type = '', value = ''] = match
    return { owner, name, type, value: value.trim() }
  })
}
