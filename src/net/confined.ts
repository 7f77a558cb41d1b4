import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** A name that leads to no regular file inside its root; the message says which rule it broke, without the root's path. */
export class NoSuchFile extends Error {
  override readonly name = 'NoSuchFile'
}

/** @property path absolute, without symbolic links. */
export type OpenFile = { handle: FileHandle; path: string; size: number }

/**
 * Opens a regular file below a folder for reading. A leading slash means the folder itself, as
 * firmware writes it; backslashes count as slashes. Nothing outside the folder can be reached:
 * neither by `..` nor by a symbolic link, but for links to a path of `alsoAllowed`.
 * The caller closes the handle.
 * @throws {NoSuchFile} when the name isn't allowed or isn't there.
 */
export async function openConfined(root: string, name: string, alsoAllowed: readonly string[] = []): Promise<OpenFile> {
  const parts = name
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) throw new NoSuchFile('the name is empty')
  if (parts.includes('..') || name.includes('\0')) throw new NoSuchFile('the name leads out of the folder')
  const [base, real] = await Promise.all([realpath(root), realpath(join(root, ...parts))]).catch((error) => {
    throw new NoSuchFile(`not found (${(error as NodeJS.ErrnoException).code})`)
  })
  if (!real.startsWith(base + sep) && !alsoAllowed.includes(real)) {
    throw new NoSuchFile('a symbolic link leads out of the folder')
  }
  // O_NONBLOCK: opening a FIFO must not wait for its writer. O_NOFOLLOW: the path was resolved above.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(real, flags).catch((error) => {
    throw new NoSuchFile(`not readable (${(error as NodeJS.ErrnoException).code})`)
  })
  const stat = await handle.stat()
  if (!stat.isFile()) {
    await handle.close()
    throw new NoSuchFile('not a regular file')
  }
  return { handle, path: real, size: stat.size }
}
