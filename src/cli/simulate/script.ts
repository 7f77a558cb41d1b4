/** What a script makes a machine do, as far as a simulated one needs to know. */
export type Effect =
  | {
      readonly do: 'fetch'
      readonly what: 'kernel' | 'initrd' | 'file'
      readonly url: string
      readonly arguments: readonly string[]
    }
  | { readonly do: 'boot' }
  | { readonly do: 'disk'; readonly how: string }
  | { readonly do: 'wait'; readonly seconds: number }

/**
 * Reads an iPXE script as far as Tandem's go: the commands `kernel`, `initrd`, `imgfetch`, `boot`,
 * `exit`, `sanboot`, `sleep`, `iseq A B && ... ||`, labels and what only prints. Each command is taken
 * to succeed; `||` branches aren't. Ends with what leaves the script.
 * @param settings what `${name}` stands for; a name's `:format` is ignored.
 * @throws {SyntaxError} naming the line, for anything that is no such script.
 */
export function* interpret(script: string, settings: Readonly<Record<string, string>>): Generator<Effect> {
  const lines = script.split('\n')
  if (lines[0]?.trim() !== '#!ipxe') throw new SyntaxError('the script does not start with #!ipxe')
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/\$\{([a-zA-Z0-9/]+)(?::[a-z]+)?\}/g, (_, name: string) => encodeURI(settings[name] ?? ''))
    const command = succeeding(line.trim())
    if (command === undefined) continue
    const effect = effectOf(command, index + 1)
    if (effect === undefined) continue
    yield effect
    if (effect.do !== 'fetch') return
  }
  throw new SyntaxError('the script ends without booting anything')
}

/** The command of a line that runs while nothing fails; undefined where there is none. */
function succeeding(line: string): string | undefined {
  if (line === '' || line.startsWith('#') || line.startsWith(':')) return undefined
  for (const part of (line.split('||')[0] ?? '').split('&&')) {
    const [name, a, b] = part.trim().split(/\s+/)
    if (name !== 'iseq') return part.trim()
    if (a !== b) return undefined
  }
  return undefined
}

const SILENT = ['echo', 'imgfree', 'set', 'goto', 'prompt']

function effectOf(command: string, line: number): Effect | undefined {
  const words = command.split(/\s+/)
  const name = words.shift() ?? ''
  switch (name) {
    case 'kernel':
    case 'initrd':
    case 'imgfetch': {
      const [url = '', ...args] = withoutOptions(words)
      return { do: 'fetch', what: name === 'imgfetch' ? 'file' : name, url, arguments: args }
    }
    case 'boot':
      return { do: 'boot' }
    case 'exit':
    case 'sanboot':
      return { do: 'disk', how: command }
    case 'sleep':
      return { do: 'wait', seconds: Number(words[0]) }
    default:
      if (SILENT.includes(name)) return undefined
      throw new SyntaxError(`line ${line}: "${name}" is not a command that a simulated machine knows`)
  }
}

/** `--timeout 5000 --name x URL args`: iPXE's options take a value each. */
function withoutOptions(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word, index) => !word.startsWith('--') && !words[index - 1]?.startsWith('--'))
  return at < 0 ? [] : words.slice(at)
}
