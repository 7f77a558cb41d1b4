import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
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
  'drivers/net/virtio_net.ko'
]

/**
 * What the kernel starts. It stands in for an installer: finds the preseed's URL on its command
 * line as debian-installer does, asks for an address, fetches the preseed, and reports with the role
 * that it found there; it prints each of these on the serial port and restarts when all is done.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1
say() { echo "TINY-OS $*"; }
say up
for module in /modules/*; do insmod "$module"; done

argument() { tr ' ' '\\n' </proc/cmdline | sed -n "s|^\\($1\\)=||p" | head -n 1; }
url=$(argument 'url\\|preseed/url')
say "kernel: $(cat /proc/cmdline)"
say "preseed: $url"

ip link set eth0 up
udhcpc -i eth0 -s /udhcpc -n -q -t 10 -T 2 || say 'no lease'
# An installer tries again, and so does this: the first answer may be lost.
fetch() { for try in 1 2 3 4 5; do wget -q -O - "$@" && return; sleep 1; done; return 1; }
fetch "$url" >/preseed || say 'no preseed'
role=$(sed -n 's|.*tandem/role *string *||p; s|.*TANDEM_ROLE=\\([^ ;"]*\\).*|\\1|p' /preseed | head -n 1)
say "role: $role"

status=$(dirname "$url")/status
report() { fetch --header 'Content-Type: application/json' --post-data "$1" "$status" && say "reported $1"; }
report '{"stage":"installing"}'
report "{\\"stage\\":\\"installed\\",\\"message\\":\\"role=$role\\"}"
say "after installed: $(wget -O /dev/null "$url" 2>&1 | tail -n 1)"
say done
reboot -f
`

/** udhcpc calls it with what the lease says. */
const UDHCPC = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
[ -z "$router" ] || ip route add default via "$router"
echo "TINY-OS lease: $ip/$mask router=$router hostname=$hostname"
`

/** Lays out a folder as Debian's netboot folder is, with the tiny operating system in the installer's place. */
export async function makeTinyOs(folder: string): Promise<void> {
  const kernel = join(CACHE, 'kernel')
  const release = (await readdir(join(kernel, 'lib/modules')))[0] as string
  const root = join(folder, 'root')
  for (const directory of ['bin', 'dev', 'proc', 'sys', 'modules'])
    await mkdir(join(root, directory), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  for (const [order, module] of MODULES.entries()) {
    const source = join(kernel, 'lib/modules', release, 'kernel', module)
    await copyFile(source, join(root, 'modules', `${order}-${basename(module)}`))
  }
  for (const [name, script] of Object.entries({ init: INIT, udhcpc: UDHCPC })) {
    await writeFile(join(root, name), script)
    await chmod(join(root, name), 0o755)
  }
  const boot = join(folder, 'debian-installer/amd64')
  await mkdir(boot, { recursive: true })
  await copyFile(join(kernel, `boot/vmlinuz-${release}`), join(boot, 'linux'))
  const pack = 'cd "$0" && find . | cpio --quiet -o -H newc | gzip -1 >"$1"'
  await run(['sh', '-c', pack, root, join(boot, 'initrd.gz')])
}
