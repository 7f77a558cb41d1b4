import type { FileStore } from '../inventory/files.ts'
import type { Inventory } from '../inventory/inventory.ts'
import type { Mac } from '../net/mac.ts'
import { paths } from './endpoints.ts'

/** Names on TFTP: those of HTTP without the leading slash, so that a file has one name. */
export const tftpNames = {
  file: (image: string, sha256: string, file: string) => paths.file(image, sha256, file).slice(1),
  grub: (mac: Mac) => `grub/grub.cfg-01-${mac.replaceAll(':', '-')}`,
  pxelinux: (mac: Mac) => `pxelinux.cfg/01-${mac.replaceAll(':', '-')}`
}

const FILE = /^boot\/files\/([^/]+)\/([0-9a-f]{64})\/([^/]+)$/

/** The path in the store of an image's file by its name on TFTP, when the store has it whole. */
export function imageFilePath(name: string, inventory: Inventory, files: FileStore): string | undefined {
  const [, imageName, sha256, file] = FILE.exec(name) ?? []
  const image = imageName === undefined ? undefined : inventory.get('image', imageName)
  const named = [image?.kernel, image?.initrd].find((each) => each?.sha256 === sha256 && each?.name === file)
  if (!named || files.size(named.sha256) !== named.size) return undefined
  return files.path(named.sha256)
}
