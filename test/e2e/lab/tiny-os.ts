import { copyFile, cp, mkdir, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { makeDisk } from './disk.ts'
import { run } from './process.ts'

/** Where scripts/e2e-setup unpacks what must not be installed. */
export const CACHE = process.env.TANDEM_E2E_CACHE ?? join(homedir(), '.cache/tandem-e2e')

/** In the order in which they must be loaded. */
const MODULES = [
  'drivers/virtio/virtio_ring.ko',
  'drivers/virtio/virtio.ko',
  'drivers/virtio/virtio_pci_modern_dev.ko',
  'drivers/virtio/virtio_pci_legacy_dev.ko',
  'drivers/virtio/virtio_pci.ko',
  'net/core/failover.ko',
  'drivers/net/net_failover.ko',
  'drivers/net/virtio_net.ko',
  'drivers/block/virtio_blk.ko'
]

/** Its files beside busybox and the kernel's modules. */
const OVERLAY = join(import.meta.dirname, 'tiny-os')

/** Lays out a folder as Debian's netboot folder is, with the tiny operating system in the installer's place. */
export async function makeTinyOs(folder: string): Promise<void> {
  const kernel = join(CACHE, 'kernel')
  const release = (await readdir(join(kernel, 'lib/modules')))[0] as string
  const root = `${folder}.root`
  await cp(OVERLAY, root, { recursive: true })
  await mkdir(join(root, 'bin'), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  await copyFile(await makeDisk(dirname(folder)), join(root, 'disk'))
  await mkdir(join(root, 'modules'))
  for (const [order, module] of MODULES.entries()) {
    const source = join(kernel, 'lib/modules', release, 'kernel', module)
    await copyFile(source, join(root, 'modules', `${order}-${basename(module)}`))
  }
  const boot = join(folder, 'debian-installer/amd64')
  await mkdir(boot, { recursive: true })
  await copyFile(join(kernel, `boot/vmlinuz-${release}`), join(boot, 'linux'))
  const pack = 'cd "$0" && find . | cpio --quiet -o -H newc | gzip -1 >"$1"'
  await run(['sh', '-c', pack, root, join(boot, 'initrd.gz')])
}
