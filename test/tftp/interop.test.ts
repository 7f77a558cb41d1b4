import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { createClient } from 'tftp'
import { content, LOOPBACK, MemoryFiles } from './fakes.ts'
import { startServer } from './harness.ts'

const SIZES = [0, 1, 1467, 1468, 1469, 100_000]
const files = new MemoryFiles(Object.fromEntries(SIZES.map((size) => [`file-${size}`, content(size)])))

/**
 * It tells the server its own timeout in milliseconds, which are seconds to everybody else: nothing is sent again on a slow
 * machine. It takes a repeated OACK for a violation. Its stream emits `close` before `end`, which the helpers of node:stream take for a failure. */
function getByPackage(port: number, file: string): Promise<Buffer> {
  const blocks: Buffer[] = []
  return new Promise((resolve, reject) => {
    const stream = createClient({ host: LOOPBACK, port, timeout: 255, retries: 1000 }).createGetStream(file)
    stream.on('data', (block: Buffer) => blocks.push(block))
    stream.on('end', () => resolve(Buffer.concat(blocks)))
    stream.on('error', reject)
  })
}

for (const size of SIZES) {
  test(`the package tftp gets a file of ${size} bytes; in windows of 4; it asks for options that nobody knows`, async (t) => {
    const { port, reported } = startServer(t, { files })
    const bytes = await getByPackage(port, `file-${size}`)
    t.deepEqual(bytes, Buffer.from(content(size)))
    t.regex((await reported('sent')).answered, /^OACK blksize=1468 timeout=255 windowsize=4 tsize=\d+, /)
    await reported('done')
  })
}

test('the package tftp is told what is not there', async (t) => {
  const { port } = startServer(t, { files })
  const getting = getByPackage(port, 'none')
  await t.throwsAsync(getting, { message: '(Server) not found (ENOENT)' })
})

const applets = spawnSync('busybox', ['--list'], { encoding: 'utf8' }).stdout ?? ''
const testBusybox = /^tftp$/m.test(applets) ? test : test.skip

testBusybox('busybox, where it is installed, gets each file', async (t) => {
  const { port } = startServer(t, { files })
  for (const size of SIZES) {
    const args = ['tftp', '-g', '-b', '1400', '-r', `file-${size}`, '-l', '-', LOOPBACK, String(port)]
    const { stdout } = await promisify(execFile)('busybox', args, { encoding: 'buffer' })
    t.deepEqual(stdout, Buffer.from(content(size)), `${size} bytes`)
  }
})
