import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import type { Client } from './client.ts'
import { type Context, clientOf, segment } from './context.ts'
import { CommandFailed, UsageError } from './errors.ts'

type Options = { release?: string; sha256?: string }
/** Where Debian's netboot folder keeps the kernel and the initrd: debian-installer/ARCH/{linux,initrd.gz}. */
type Netboot = { architecture: string; kernel: string; initrd: string }

export function imageImportCommand(image: Command, context: Context): void {
  image
    .command('import <name> <source>')
    .description(
      'take in the installer of a Debian netboot folder or tarball, such as /usr/lib/debian-installer/images/12/amd64/text'
    )
    .option('--release <release>', 'for a new image: bookworm (default: what version.info says)')
    .option('--sha256 <hash>', 'refuse a tarball that has another SHA-256')
    .action(async (name: string, source: string, options: Options, command: Command) => {
      const client = clientOf(command, context)
      await withFolder(source, options, async (folder) => {
        const netboot = await findNetboot(folder, source)
        const kernel = await upload(client, netboot.kernel)
        const initrd = await upload(client, netboot.initrd)
        const path = `/images/${segment(name)}`
        const there = await client.exists('GET', path)
        const release = options.release ?? (there ? undefined : await releaseOf(folder))
        const body = { ...(release ? { release } : {}), architecture: netboot.architecture, kernel, initrd }
        await client.json(there ? 'PATCH' : 'PUT', path, there ? body : { family: 'debian', ...body })
        context.output.line(`image ${name} (${netboot.architecture}):`)
        for (const file of [kernel, initrd])
          context.output.line(`  ${file.name} ${megabytes(file.size)} sha256 ${file.sha256}`)
      })
    })
}

/** Hands on the folder itself, or one with the tarball's kernel and initrd for as long as it is used. */
async function withFolder(source: string, { sha256 }: Options, use: (folder: string) => Promise<void>): Promise<void> {
  if (!existsSync(source)) throw new CommandFailed(`${source} does not exist`)
  if (statSync(source).isDirectory()) {
    if (sha256) throw new UsageError('--sha256 is for a tarball: a folder has none')
    return use(source)
  }
  if (sha256) {
    const actual = await hashOf(source)
    if (actual !== sha256.toLowerCase())
      throw new CommandFailed(`the SHA-256 of ${source} is ${actual}, not ${sha256}: nothing was imported`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'tandem-import-'))
  try {
    const { extract } = await import('tar')
    await extract({
      file: source,
      cwd: folder,
      filter: (path) => /(^|\/)(linux|initrd\.gz|version\.info)$/.test(path)
    }).catch((error: Error) => {
      throw new CommandFailed(`${source} is neither a folder nor a tarball that can be read: ${error.message}`)
    })
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function findNetboot(folder: string, source: string): Promise<Netboot> {
  const candidates = ['amd64', 'arm64'].flatMap((architecture) =>
    [join(folder, 'debian-installer', architecture), join(folder, architecture)].map((at) => ({ architecture, at }))
  )
  const own = basename(folder)
  if (own === 'amd64' || own === 'arm64') candidates.push({ architecture: own, at: folder })
  const found = candidates.find(({ at }) => existsSync(join(at, 'linux')) && existsSync(join(at, 'initrd.gz')))
  if (found)
    return { architecture: found.architecture, kernel: join(found.at, 'linux'), initrd: join(found.at, 'initrd.gz') }
  const seen = await readdir(folder)
  throw new CommandFailed(
    `${source} holds no debian-installer/ARCH/linux and initrd.gz; it holds ${seen.slice(0, 8).join(', ') || 'nothing'}. Debian's package debian-installer-12-netboot-amd64 has such a folder`
  )
}

/** Debian's version.info begins `Debian version:  12 (bookworm)`. */
async function releaseOf(folder: string): Promise<string> {
  const path = join(folder, 'version.info')
  const text = existsSync(path) ? (await createReadStream(path, { end: 4096 }).toArray()).join('') : ''
  return /Debian version:\s*\S+\s*\(([a-z]+)\)/i.exec(text)?.[1] ?? 'bookworm'
}

async function upload(client: Client, path: string): Promise<{ name: string; sha256: string; size: number }> {
  const sha256 = await hashOf(path)
  const { size } = statSync(path)
  if (!(await client.exists('HEAD', `/files/${sha256}`))) {
    await client.send('PUT', `/files/${sha256}`, { stream: createReadStream(path), length: size })
  }
  return { name: basename(path), sha256, size }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
