import test from 'ava'
import { checked, loadLibc, PlatformError, requireLinux64 } from '../../src/net/libc.ts'

for (const [platform, arch, byteOrder] of [
  ['darwin', 'arm64', 'LE'],
  ['win32', 'x64', 'LE'],
  ['linux', 'arm', 'LE'],
  ['linux', 'ia32', 'LE'],
  ['linux', 'mipsel', 'LE'],
  ['linux', 's390x', 'BE'],
  ['linux', 'ppc64', 'BE']
] as const) {
  test(`${platform} on ${arch} (${byteOrder}) is refused in one line`, (t) => {
    const { message } = t.throws(() => requireLinux64(platform, arch, byteOrder), { instanceOf: PlatformError })
    t.regex(message, new RegExp(`^this is ${platform} on ${arch} \\(${byteOrder}\\): the daemon runs on Linux.*$`))
  })
}

for (const arch of ['x64', 'arm64', 'ppc64', 'riscv64', 'loong64']) {
  test(`Linux on ${arch}, little-endian, is taken`, (t) => {
    t.notThrows(() => requireLinux64('linux', arch, 'LE'))
  })
}

test("a call that fails has the system's code", (t) => {
  const libc = loadLibc()
  t.throws(() => checked('close', libc.close(-1)), { code: 'EBADF', message: 'close: EBADF' })
})
