import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Lab } from './lab.ts'
import { tandem } from './servers.ts'
import { LINK, LOCAL_CLIENT } from './site.ts'

const PROGRAM = resolve(import.meta.dirname, '../../../bin/tandem')
const MAC = '52:54:00:00:00:01'

/**
 * Has Tandem render an install file for a client on its own host: a machine with that address, whose install was requested, takes
 * its script.
 * @returns the path of its preseed file, and what is in it.
 */
export async function requestInstall(lab: Lab): Promise<{ path: string; text: string }> {
  const { folder } = lab.server(tandem)
  const cli = (...words: string[]) => lab.link.server.run([PROGRAM, '--state', join(folder, 'state'), ...words])
  const image = join(folder, 'netboot')
  await writeNetboot(join(image, 'debian-installer/amd64'))
  const inventory = join(folder, 'inventory.yaml')
  // JSON is YAML.
  await writeFile(
    inventory,
    JSON.stringify({
      subnets: [{ cidr: LINK, dns: [tandem.address], domain: 'example.org', vars: { mirror_host: 'deb.debian.org' } }],
      images: [{ name: 'debian-12', family: 'debian', release: 'bookworm', architecture: 'amd64' }],
      machines: [{ name: 'web1', image: 'debian-12', interfaces: [{ mac: MAC, ipv4: LOCAL_CLIENT }] }]
    })
  )
  await cli('apply', '-f', inventory)
  await cli('image', 'import', 'debian-12', image, '--release', 'bookworm')
  await cli('machine', 'install', 'web1')
  const get = (url: string) =>
    lab.link.server.run(['curl', '--silent', '--show-error', '--fail', '--interface', LOCAL_CLIENT, url])
  const script = await get(`http://${tandem.address}/boot/${MAC}/ipxe`)
  const url = /\burl=(\S+)/.exec(script)?.[1]
  if (url === undefined) throw new Error(`the script installs nothing:\n${script}`)
  return { path: new URL(url).pathname, text: await get(url) }
}

/** What passes for a kernel and an initrd: their first bytes. */
async function writeNetboot(folder: string): Promise<void> {
  const kernel = Buffer.alloc(1024)
  kernel.write('HdrS', 0x202)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'linux'), kernel)
  await writeFile(join(folder, 'initrd.gz'), Buffer.from('1f8b0800', 'hex'))
}
