import { once } from 'node:events'
import { readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { eventually } from '../../daemon/eventually.ts'
import { addNetbootFolder, LOADERS } from '../../daemon/files.ts'
import { startSite, startTandem } from '../../daemon/running.ts'

/** A site, and the path and content of its kernel. */
async function siteWithKernel(t: Parameters<typeof startSite>[0]) {
  const site = await startSite(t)
  const image = await site.rest.get<{ kernel: { sha256: string } }>('/images/debian-12')
  const { sha256 } = image.body.kernel
  const bytes = kernelBytes(site.folder)
  return { ...site, sha256, bytes, path: `/boot/files/debian-12/${sha256}/linux` }
}

function kernelBytes(folder: string): Buffer {
  return addNetbootFolder(folder).kernel.bytes
}

test('an image file comes whole, named by its content', async (t) => {
  const { machines, path, bytes, sha256 } = await siteWithKernel(t)
  const { status, headers, bytes: got } = await machines.get(path)
  t.is(status, 200)
  t.true(got.equals(bytes))
  t.like(headers, {
    'content-length': String(bytes.length),
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    'cache-control': 'public, max-age=31536000, immutable'
  })
})

test('HEAD tells what GET would, without the file', async (t) => {
  const { machines, path, bytes, sha256 } = await siteWithKernel(t)
  const { status, headers, bytes: got } = await machines.send('HEAD', path)
  t.is(status, 200)
  t.is(got.length, 0)
  t.like(headers, { 'content-length': String(bytes.length), etag: `"${sha256}"`, 'accept-ranges': 'bytes' })
})

test('a range is answered by those bytes and where they lie', async (t) => {
  const { machines, path, bytes } = await siteWithKernel(t)
  const { status, headers, bytes: got } = await machines.get(path, { range: 'bytes=70000-70009' })
  t.is(status, 206)
  t.true(got.equals(bytes.subarray(70_000, 70_010)))
  t.like(headers, { 'content-range': `bytes 70000-70009/${bytes.length}`, 'content-length': '10' })
})

test('a download that broke goes on where it was, while the file is the same', async (t) => {
  const { machines, path, bytes, sha256 } = await siteWithKernel(t)
  const rest = await machines.get(path, { range: 'bytes=99990-', 'if-range': `"${sha256}"` })
  t.is(rest.status, 206)
  t.true(rest.bytes.equals(bytes.subarray(99_990)))
  const other = await machines.get(path, { range: 'bytes=99990-', 'if-range': '"another"' })
  t.is(other.status, 200)
  t.is(other.bytes.length, bytes.length)
})

test('a range beyond the end is a problem that nobody may keep', async (t) => {
  const { machines, path, bytes } = await siteWithKernel(t)
  const { status, headers, body } = await machines.get(path, { range: `bytes=${bytes.length}-` })
  t.is(status, 416)
  t.is(body.code, 'no-such-range')
  t.is(headers['content-range'], `bytes */${bytes.length}`)
  t.is(headers['cache-control'], undefined)
})

test('a copy that is current is not sent again', async (t) => {
  const { machines, path, sha256 } = await siteWithKernel(t)
  const { status, headers, bytes } = await machines.get(path, { 'if-none-match': `"${sha256}"` })
  t.is(status, 304)
  t.is(bytes.length, 0)
  t.is(headers.etag, `"${sha256}"`)
})

test('a file is only found under its image, its content and its name', async (t) => {
  const { machines, path, sha256 } = await siteWithKernel(t)
  const wrong = [
    path.replace('debian-12', 'debian-13'),
    path.replace(sha256, 'f'.repeat(64)),
    path.replace(sha256, sha256.toUpperCase()),
    path.replace(/linux$/, 'initrd.gz'),
    path.replace(/linux$/, '..%2flinux'),
    path.replace(sha256, '..'),
    path.replace(/files.*/, 'files/%2e%2e/%2e%2e/tandem.sqlite')
  ]
  for (const each of wrong) {
    const { status, body } = await machines.get(each)
    t.deepEqual([status, body.code], [404, 'not-found'], each)
  }
})

test('UEFI HTTP Boot: HEAD, then GET of a loader, of one length', async (t) => {
  const { machines } = await startTandem(t)
  const head = await machines.send('HEAD', '/boot/loaders/ipxe.efi')
  t.is(head.status, 200)
  t.is(head.bytes.length, 0)
  const get = await machines.get('/boot/loaders/ipxe.efi')
  t.is(get.text, LOADERS['ipxe.efi'])
  t.is(head.headers['content-length'], String(get.bytes.length))
  t.is(get.headers['content-type'], 'application/efi')
})

test('nothing outside the loaders is reached, by whatever spelling', async (t) => {
  const { machines, folder, config } = await startTandem(t)
  writeFileSync(join(folder, 'secret'), 'secret')
  symlinkSync(join(folder, 'secret'), join(config.loaders, 'link.efi'))
  symlinkSync('..', join(config.loaders, 'up'))
  for (const name of [
    'link.efi',
    'up%2fsecret',
    'up/secret',
    '../secret',
    '..%2fsecret',
    '..%2Fsecret',
    '%2e%2e%2fsecret',
    '..%5csecret',
    '..\\secret',
    `${encodeURIComponent(join(folder, 'secret'))}`,
    'ipxe.efi%00.txt',
    'ipxe.efi/',
    '%2f',
    '.',
    '..',
    ''
  ]) {
    const { status, text, body } = await machines.get(`/boot/loaders/${name}`)
    t.deepEqual([status, body.code], [404, 'not-found'], name)
    t.false(text.includes(config.loaders), `${name}: the answer tells no path of this host`)
  }
})

test('no file stays open, whether it was read, only asked for, or dropped half way', async (t) => {
  const { machines, path, config, folder } = await siteWithKernel(t)
  writeFileSync(join(config.loaders, 'large.efi'), Buffer.alloc(32 << 20))
  const served = () => [config.loaders, join(folder, 'state', 'files')].flatMap(filesOpenBelow)
  for (const each of [path, '/boot/loaders/ipxe.efi']) await machines.send('HEAD', each)
  t.deepEqual(served(), [])
  for (const each of [path, '/boot/loaders/ipxe.efi']) await machines.get(each)
  const socket = connect({ host: config.interfaces[0]?.address ?? '', port: config.ports.http })
  socket.write('GET /boot/loaders/large.efi HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  t.true(served().length > 0)
  socket.destroy()
  await eventually(t, (tt) => tt.deepEqual(served(), []))
})

function filesOpenBelow(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith(folder) ? [target] : []
    } catch {
      return []
    }
  })
}
