import { type Document, LineCounter, parseDocument, visit } from 'yaml'

/** What is wrong with a file, one line each, ready to print: `tandem.yaml:7: Map keys must be unique`. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

export type Yaml = {
  readonly document: Document
  /** As JavaScript has it; an empty file is an empty object. */
  readonly value: unknown
  /** The line of a node's offset in the text. */
  lineAt(offset: number): number
}

/**
 * Reads a file of one YAML document.
 * @param path the file's name, for the errors. @throws {FileError} naming every fault of the YAML with its line.
 */
export function parseYaml(text: string, path: string): Yaml {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' })
  const lineAt = (offset: number) => lineCounter.linePos(offset).line
  const faults = [
    ...document.errors.map(({ pos, message }) => ({ offset: pos[0], message })),
    ...aliasesWithoutAnchor(document)
  ]
  if (faults.length > 0)
    throw new FileError(faults.map(({ offset, message }) => `${path}:${lineAt(offset)}: ${message}`))
  return { document, value: document.toJS() ?? {}, lineAt }
}

/** They are no errors to the parser, only to who asks for the values. */
function aliasesWithoutAnchor(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = []
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document)) return
      found.push({
        offset: alias.range?.[0] ?? 0,
        message: `*${alias.source} has no anchor &${alias.source} before it`
      })
    }
  })
  return found
}
