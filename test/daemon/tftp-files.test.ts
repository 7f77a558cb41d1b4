import test, { type ExecutionContext } from 'ava'
import type { Explanation } from '../../src/boot/explain.ts'
import type { Ipv4 } from '../../src/net/ipv4.ts'
import { get, TftpFailed } from '../../src/tftp/client.ts'
import { eventually } from './eventually.ts'
import { SIGNED_LOADERS } from './files.ts'
import { MAC, startSite } from './running.ts'

/** A site with an install requested, and a machine that loads by TFTP: an administrator vouches for its address. */
async function open(t: ExecutionContext) {
  const site = await startSite(t)
  const { rest, config } = site
  await rest.send('POST', '/machines/web1/install')
  const server = config.interfaces[0]?.address as Ipv4
  await rest.send('POST', '/simulations', { mac: MAC, address: '127.0.0.1' })
  const load = async (file: string) => {
    const { bytes } = await get({
      server: { address: server, port: config.ports.tftp },
      file,
      timeoutMs: 5000
    })
    return Buffer.from(bytes)
  }
  return { ...site, load, server }
}

test('GRUB and pxelinux are told an installer whose files TFTP has, and whose token opens the preseed', async (t) => {
  const { load, machines, rest, server } = await open(t)
  const image = (await rest.get<{ kernel: { sha256: string; size: number } }>('/images/debian-12')).body
  for (const name of ['/debian-installer/amd64/grub/grub.cfg', 'pxelinux.cfg/default']) {
    const text = String(await load(name))
    const [kernel = ''] = /boot\/files\/\S+\/linux/.exec(text) ?? []
    t.true(kernel.includes(image.kernel.sha256), name)
    const [http, tftp] = await Promise.all([machines.get(`/${kernel}`), load(kernel)])
    t.is(tftp.length, image.kernel.size)
    t.true(tftp.equals(http.bytes), 'the same file by both')
    const [, token] = /attempts\/([\w-]+)\/preseed/.exec(text) ?? []
    t.is((await machines.get(`/boot/attempts/${token}/preseed`)).status, 200)
    t.true(text.includes(`http://${server}`))
  }
})

test('the signed loaders are there under the names that firmware and shim ask for', async (t) => {
  const { load } = await open(t)
  t.is(String(await load('grub/shimx64.efi')), SIGNED_LOADERS['bootnetx64.efi'])
  for (const name of ['grub/grubx64.efi', '//grubx64.efi', '\\grub\\grubx64.efi'])
    t.is(String(await load(name)), SIGNED_LOADERS['grubx64.efi'])
})

test('what is asked for by habit is told to nobody; what should be there and is not, is', async (t) => {
  const { load, log } = await open(t)
  for (const name of ['grub/revocations_sku.efi', 'pxelinux.cfg/0A4D', 'boot/files/debian-12/no', '../admin.token'])
    await t.throwsAsync(load(name), { instanceOf: TftpFailed })
  const told = () => log.filter(({ msg }) => msg.includes('RRQ')).map(({ msg }) => /RRQ (\S+)/.exec(msg)?.[1])
  // TFTP's thread tells what it refused once the client has its answer.
  await eventually(t, (tt) => tt.true(told().includes('../admin.token')))
  t.deepEqual(told(), ['boot/files/debian-12/no', '../admin.token'])
})

test('iPXE that was taken whole by a machine that never came back as iPXE is explained', async (t) => {
  const { load, rest } = await open(t)
  await load('ipxe.efi')
  // The client has the last block before the server has heard that it does.
  await eventually(t, async (tt) => {
    const { loader } = (await rest.get<Explanation>('/machines/web1/explain')).body
    tt.regex(loader.reasons.join(), /took all of iPXE once/)
  })
})
