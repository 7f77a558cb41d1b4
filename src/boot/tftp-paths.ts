import type { Mac } from '../net/mac.ts'
import { paths } from './endpoints.ts'

/** Names on TFTP: those of HTTP without the leading slash, so that a file has one name. */
export const tftpNames = {
  file: (image: string, sha256: string, file: string) => paths.file(image, sha256, file).slice(1),
  grub: (mac: Mac) => `grub/grub.cfg-01-${mac.replaceAll(':', '-')}`,
  pxelinux: (mac: Mac) => `pxelinux.cfg/01-${mac.replaceAll(':', '-')}`
}

const FILE = /^boot\/files\/([^/]+)\/([0-9a-f]{64})\/([^/]+)$/

/** Which image's file a name on TFTP is; undefined for other names. */
export function imageFileNamed(name: string): { image: string; sha256: string; file: string } | undefined {
  const [, image, sha256, file] = FILE.exec(name) ?? []
  return image === undefined || sha256 === undefined || file === undefined ? undefined : { image, sha256, file }
}
