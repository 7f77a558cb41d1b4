import { readdir, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** A name that leads to no file inside its root; the message says which rule it broke, without the root's path. */
export class NoSuchFile extends Error {
  override readonly name = 'NoSuchFile'
}

/**
 * The file below a folder that a name stands for: absolute, without symbolic links. A leading slash means the folder itself, as
 * firmware writes it; backslashes count as slashes; a name in another case is found if it is the only one (some firmware
 * asks for `IPXE.EFI`). Nothing outside the folder can be reached: neither by `..` nor by a symbolic link, but for links to
 * a path of `alsoAllowed`.
 * @throws {NoSuchFile} when the name isn't allowed or isn't there.
 */
export async function resolveConfined(
  root: string,
  name: string,
  alsoAllowed: readonly string[] = []
): Promise<string> {
  const slashed = name.replaceAll('\\', '/')
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) throw new NoSuchFile('the name is empty')
  if (parts.includes('..') || name.includes('\0')) throw new NoSuchFile('the name leads out of the folder')
  if (slashed.endsWith('/')) throw new NoSuchFile('the name is that of a folder')
  const base = await realpath(root).catch(notFound)
  const real = await realpath(join(base, ...parts)).catch(async (error) => {
    const other = await inOtherCase(base, parts)
    return other === undefined ? notFound(error) : realpath(other).catch(notFound)
  })
  if (!real.startsWith(base + sep) && !alsoAllowed.includes(real)) {
    throw new NoSuchFile('a symbolic link leads out of the folder')
  }
  return real
}

/** The one path whose parts are these but for the case of letters; undefined for none or several. */
async function inOtherCase(base: string, parts: readonly string[]): Promise<string | undefined> {
  let folder = base
  for (const part of parts) {
    const names = await readdir(folder).catch(() => [])
    const alike = names.filter((each) => each.toLowerCase() === part.toLowerCase())
    const found = alike.includes(part) ? part : alike[0]
    if (found === undefined || (found !== part && alike.length > 1)) return undefined
    folder = join(folder, found)
  }
  return folder
}

function notFound(error: unknown): never {
  throw new NoSuchFile(`not found (${(error as NodeJS.ErrnoException).code})`)
}
