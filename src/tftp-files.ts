import type { Loaders } from './boot/loaders.ts'
import type { BootFiles } from './tftp/files.ts'

/** The loaders as TFTP serves them. */
export function bootFiles(loaders: Loaders): BootFiles {
  return {
    async open(name) {
      const { handle, size } = await loaders.open(name)
      return {
        size,
        async read(offset, length) {
          const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset)
          return buffer.subarray(0, bytesRead)
        },
        close: () => handle.close()
      }
    }
  }
}
