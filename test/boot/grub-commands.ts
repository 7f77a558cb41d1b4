export type GrubCommand = {
  readonly words: readonly string[]
  /** Whether a variable is put in. */
  readonly expands: boolean
}

/**
 * The commands of a GRUB script as GRUB's lexer reads them (grub-core/script/yylex.l): words; single quotes, in which
 * everything is itself; double quotes; a backslash, which quotes the next character; `;`, `|`, `&` and line ends between commands.
 * @throws {Error} where a quote isn't closed.
 */
export function grubCommandsOf(script: string): GrubCommand[] {
  const commands: GrubCommand[] = []
  let words: string[] = []
  let word: string | undefined
  let expands = false
  const endWord = () => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = () => {
    endWord()
    if (words.length > 0) commands.push({ words, expands })
    words = []
    expands = false
  }
  for (let at = 0; at < script.length; at += 1) {
    const letter = script[at] as string
    if (letter === "'") {
      const end = script.indexOf("'", at + 1)
      if (end < 0) throw new Error('a single quote is not closed')
      word = `${word ?? ''}${script.slice(at + 1, end)}`
      at = end
    } else if (letter === '"') {
      const end = script.indexOf('"', at + 1)
      if (end < 0) throw new Error('a double quote is not closed')
      const inside = script.slice(at + 1, end)
      expands ||= inside.includes('$')
      word = `${word ?? ''}${inside}`
      at = end
    } else if (letter === '\\') {
      at += 1
      word = `${word ?? ''}${script[at]}`
    } else if (letter === '#' && word === undefined) {
      at = script.indexOf('\n', at) - 1
    } else if (';|&\n'.includes(letter)) {
      endCommand()
    } else if (letter === ' ' || letter === '\t') {
      endWord()
    } else {
      expands ||= letter === '$'
      word = `${word ?? ''}${letter}`
    }
  }
  endCommand()
  return commands
}
