import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { Client } from '../client.ts'
import { type Boot, macOf } from './boots.ts'

export const SUBNET = '10.77.0.0/16'
export const LINK = '10.77.0.0'

/** Machines that are only written to. */
export const WRITTEN = ['drill-w1', 'drill-w2'] as const
const FIRST_WRITTEN = 0x3f00

/** Gives an embedded pair a subnet, an image that installs nothing, and machines that are to be installed. */
export async function prepare(client: Client, count: number): Promise<Boot[]> {
  await client.json('POST', '/subnets', {
    cidr: SUBNET,
    gateway: '10.77.0.1',
    pools: [{ from: '10.77.128.0', to: '10.77.191.255' }]
  })
  const files = await Promise.all(
    Object.entries({ kernel: kernel(), initrd: gzipSync('drill') }).map(async ([name, bytes]) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      await client.send('PUT', `/files/${sha256}`, { stream: Readable.from([bytes]), length: bytes.length })
      return [name, { name: name === 'kernel' ? 'linux' : 'initrd.gz', sha256, size: bytes.length }] as const
    })
  )
  await client.json('POST', '/images', {
    name: 'drill',
    family: 'debian',
    release: 'bookworm',
    architecture: 'amd64',
    ...Object.fromEntries(files)
  })
  for (const [index, name] of WRITTEN.entries()) {
    await register(client, { name, mac: macOf(FIRST_WRITTEN + index) })
  }
  const boots = Array.from({ length: count }, (_, index) => ({ name: `drill-${index + 1}`, mac: macOf(index + 1) }))
  for (const boot of boots) {
    await register(client, boot, { image: 'drill' })
    await client.json('POST', `/machines/${boot.name}/install`)
  }
  return boots
}

/** Registers a machine for a drill. */
export async function register(client: Client, boot: Boot, fields: object = {}): Promise<Boot> {
  const { name, mac } = boot
  await client.json('POST', '/machines', { name, interfaces: [{ mac }], ...fields })
  return boot
}

/** What passes for a Linux kernel: the magic of its boot protocol in nothing. */
function kernel(): Buffer {
  const bytes = Buffer.alloc(4096)
  bytes.write('HdrS', 0x202)
  return bytes
}
