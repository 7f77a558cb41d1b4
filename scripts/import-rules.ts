import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/**
 * Checks who imports whom in src/ (docs/architecture.md). Cycles are the linter's to find.
 * Prints each import that breaks a rule; exits 1 when there is one.
 */

/** What each folder may import beside itself; `main` is the files right in src/, which see everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  net: [],
  inventory: ['net'],
  pair: ['inventory', 'net'],
  boot: ['inventory', 'net'],
  dhcp: ['net'],
  tftp: ['net'],
  http: ['inventory', 'boot', 'pair', 'net'],
  // The command line starts the daemon, and its simulated machine speaks the protocols.
  cli: ['main', 'net', 'dhcp', 'tftp']
}

const SRC = resolve(import.meta.dirname, '..', 'src')

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    resolve(dirname(file), match[1] as string)
  )
}

function folderOf(file: string): string {
  const [first = '', ...rest] = relative(SRC, file).split('/')
  return rest.length === 0 ? 'main' : first
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join(SRC, path))
const broken = files.flatMap((file) => {
  const folder = folderOf(file)
  const allowed = MAY_IMPORT[folder]
  return importsOf(file)
    .filter((target) => folder !== 'main' && folderOf(target) !== folder && !allowed?.includes(folderOf(target)))
    .map(
      (target) =>
        `${relative(SRC, file)} imports ${relative(SRC, target)}: ${folder} may import ${allowed?.join(', ') || 'nothing'}`
    )
})
for (const line of broken) console.error(line)
console.log(`import rules: ${files.length} files, ${broken.length} broken`)
process.exitCode = broken.length > 0 ? 1 : 0
