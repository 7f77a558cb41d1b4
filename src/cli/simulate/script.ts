/** What a script makes a machine do, as far as a simulated one needs to know. */
export type Effect =
  | {
      readonly do: 'fetch'
      readonly what: 'kernel' | 'initrd' | 'file'
      /** One after the other, until one can be had: the instances of a pair. */
      readonly from: readonly { readonly url: string; readonly arguments: readonly string[] }[]
    }
  | { readonly do: 'boot' }
  | { readonly do: 'disk'; readonly how: string }
  | { readonly do: 'wait'; readonly seconds: number }

/**
 * Reads an iPXE script as far as Tandem's go: the commands `kernel`, `initrd`, `imgfetch`, `boot`,
 * `exit`, `sanboot`, `sleep`, `iseq A B && ... ||`, labels and what only prints. Each command is taken
 * to succeed, if not by its first way then by one after `||`. Ends with what leaves the script.
 * @param settings what `${name}` stands for; a name's `:format` is ignored.
 * @throws {SyntaxError} naming the line, for anything that is no such script.
 */
export function* interpret(script: string, settings: Readonly<Record<string, string>>): Generator<Effect> {
  const lines = script.split('\n')
  if (lines[0]?.trim() !== '#!ipxe') throw new SyntaxError('the script does not start with #!ipxe')
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/\$\{([a-zA-Z0-9/]+)(?::[a-z]+)?\}/g, (_, name: string) => encodeURI(settings[name] ?? ''))
    const commands = succeeding(line.trim())
    if (commands.length === 0) continue
    const effect = effectOf(commands, index + 1)
    if (effect === undefined) continue
    yield effect
    if (effect.do !== 'fetch') return
  }
  throw new SyntaxError('the script ends without booting anything')
}

/** The command of a line that runs while nothing fails, and those that run in its stead when it does; none where nothing runs. */
function succeeding(line: string): readonly string[] {
  if (line === '' || line.startsWith('#') || line.startsWith(':')) return []
  const [first = '', ...others] = line.split('||').map((part) => part.trim())
  for (const part of first.split('&&')) {
    const [name, a, b] = part.trim().split(/\s+/)
    if (name !== 'iseq') return [part.trim(), ...others]
    if (a !== b) return []
  }
  return []
}

const SILENT = ['echo', 'imgfree', 'set', 'goto', 'prompt']

function effectOf(commands: readonly string[], line: number): Effect | undefined {
  const [command = ''] = commands
  const words = command.split(/\s+/)
  const name = words.shift() ?? ''
  switch (name) {
    case 'kernel':
    case 'initrd':
    case 'imgfetch': {
      const alike = commands.map((each) => each.split(/\s+/)).filter(([other]) => other === name)
      const from = alike.map(([, ...rest]) => {
        const [url = '', ...args] = withoutOptions(rest)
        return { url, arguments: args }
      })
      return { do: 'fetch', what: name === 'imgfetch' ? 'file' : name, from }
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
