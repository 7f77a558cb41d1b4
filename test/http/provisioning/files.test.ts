import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { eventually } from '../../daemon/eventually.ts'
import { addNetbootFolder, LOADERS } from '../../daemon/files.ts'
import type { Rest } from '../../daemon/rest.ts'
import { MAC, startSite, startTandem } from '../../daemon/running.ts'

/** A site, and the path and content of its kernel. */
async function siteWithKernel(...[t, change]: Parameters<typeof startSite>) {
  const site = await startSite(t, change)
  const image = await site.rest.get<{ kernel: { sha256: string } }>('/images/debian-12')
  const { sha256 } = image.body.kernel
  const bytes = kernelBytes(site.folder)
  return { ...site, sha256, bytes, path: `/boot/files/debian-12/${sha256}/linux` }
}

function kernelBytes(folder: string): Buffer {
  return addNetbootFolder(folder).kernel.bytes
}

/** @returns the new one's SHA-256. */
async function replaceKernel(rest: Rest, bytes: Buffer): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await rest.upload(sha256, bytes)
  await rest.send('PATCH', '/images/debian-12', { kernel: { name: 'linux', sha256, size: bytes.length } })
  return sha256
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

test('a kernel that was changed on disk is not served, and a person is told once', async (t) => {
  const { machines, path, sha256, bytes, folder, rest, log } = await siteWithKernel(t)
  t.is((await machines.get(path)).status, 200)
  const changed = Buffer.from(bytes).fill(0, 5000, 6000)
  writeFileSync(join(folder, 'state', 'files', sha256), changed)
  const actual = createHash('sha256').update(changed).digest('hex')
  const message = `linux of image debian-12 was changed on disk: its SHA-256 is ${actual}, not ${sha256}; not served: import it again`
  for (const method of ['GET', 'GET', 'HEAD']) {
    const { status, bytes: got } = await machines.send(method, path)
    t.is(status, 503)
    t.true(got.length < 1000)
  }
  const { body } = await machines.get(path)
  t.deepEqual([body.code, body.detail], ['file-changed', message])
  t.is(log.filter(({ msg }) => msg === message).length, 1)
  await eventually(t, async (tt) => {
    const events = await rest.get<{ items: { message: string }[] }>('/events?type=daemon')
    tt.deepEqual(
      events.body.items.map((each) => each.message),
      [message]
    )
  })
})

test('an image whose file was changed on disk is installed nowhere until the file is imported again', async (t) => {
  const { machines, path, sha256, bytes, folder, rest } = await siteWithKernel(t)
  await rest.send('POST', '/machines/web1/install')
  await rest.created('/simulations', { mac: MAC, address: '127.0.0.1' })
  writeFileSync(join(folder, 'state', 'files', sha256), 'changed')
  t.is((await machines.get(path)).status, 503)
  t.regex(
    (await machines.get(`/boot/${MAC}/ipxe`)).text,
    /linux of image debian-12 is not in the file store: import the image again/
  )
  t.is((await rest.send('HEAD', `/files/${sha256}`)).status, 404, 'so that an import takes it in')
  await rest.upload(sha256, bytes)
  t.true((await machines.get(path)).bytes.equals(bytes))
  t.regex((await machines.get(`/boot/${MAC}/ipxe`)).text, /^kernel /m)
})

test('a machine that boots while its image is replaced gets the version that its script named', async (t) => {
  const { machines, path, bytes, rest } = await siteWithKernel(t)
  await rest.send('POST', '/machines/web1/install')
  await rest.created('/simulations', { mac: MAC, address: '127.0.0.1' })
  t.true((await machines.get(`/boot/${MAC}/ipxe`)).text.includes(path))

  const other = Buffer.from(bytes).fill(7, 5000, 6000)
  const sha256 = await replaceKernel(rest, other)

  t.true((await machines.get(path)).bytes.equals(bytes))
  const next = (await machines.get(`/boot/${MAC}/ipxe`)).text
  t.false(next.includes(path))
  t.true((await machines.get(`/boot/files/debian-12/${sha256}/linux`)).bytes.equals(other))
})

test('a version that no script named is not to be had once it was replaced', async (t) => {
  const { machines, path, bytes, rest } = await siteWithKernel(t)
  await replaceKernel(rest, Buffer.from(bytes).fill(7, 5000, 6000))
  t.is((await machines.get(path)).status, 404)
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
  const { machines, path, config, folder } = await siteWithKernel(t, { memory: 1 << 20 })
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
