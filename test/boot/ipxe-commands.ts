/**
 * The commands of an iPXE script as iPXE reads them (src/image/script.c, src/core/exec.c): lines, a backslash at whose
 * end takes in the next; labels; words; `&&`, `||`, `;` alone and `#` at a word's start.
 */
export function commandsOf(script: string): string[] {
  const lines = script.replaceAll('\r\n', '\n').replaceAll('\\\n', '').split('\n')
  return lines.flatMap((line) => {
    const words = line
      .replace(/^\s*:\S*/, '')
      .split(/[ \t\v\f\r]+/)
      .filter((word) => word !== '')
    const comment = words.findIndex((word) => word.startsWith('#'))
    const kept = comment < 0 ? words : words.slice(0, comment)
    return kept
      .join(' ')
      .split(/(?<= |^)(?:&&|\|\||;)(?= |$)/)
      .map((command) => command.trim())
      .filter((command) => command !== '')
  })
}
