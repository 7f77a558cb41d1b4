import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Host } from './lab/host.ts'
import { inLab, type Lab } from './lab/lab.ts'
import type { Errand, Faults, Tally } from './lab/lossy-proxy.ts'
import { atftp, busybox, curl, type TftpClient, tftpHpa } from './lab/tftp-clients.ts'
import { waitFor } from './lab/wait.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const SIZES = [1, 511, 512, 513, MIB]
/** More than 65,535 blocks of 512 bytes: after that number, 16 bits, comes 0. */
const LONG = 34 * MIB
/** Each kind of line end, and what netascii must tell from one; a CR is the last byte. */
const TEXT = 'one\ntwo\r\nthree\rfour\n\n\r\0five\r'
/** Seconds that no transfer takes. */
const PATIENCE = 300
/** On the client's own host. */
const AT_PROXY = '127.0.0.1'

const BAD = { lost: 50, doubled: 50, late: 25, latest: 120, sparesOpening: false }
const BETTER = { lost: 500, doubled: 500, late: 500, latest: 120, sparesOpening: false }
/** atftp 0.8 ends with "unexpected OACK" when it gets an OACK twice, be it that the network doubled it. */
const FOR_ATFTP = { sparesOpening: true }

test(
  'each client gets files of each size',
  withFiles([0, ...SIZES], async (t, lab, host) => {
    const clients = [
      tftpHpa('binary'),
      tftpHpa('netascii'),
      atftp('blksize 1468', 'tsize 0', 'timeout 3', 'windowsize 8'),
      atftp('blksize 512'),
      curl('--tftp-blksize', '512'),
      curl('--tftp-blksize', '1468'),
      curl('--tftp-no-options'),
      busybox(512),
      busybox(1468)
    ]
    for (const client of clients) {
      // curl 7.88 always asks for the size, and takes 0, which is right, for a mistake: "invalid tsize -:0:- value in OACK".
      const sizes = client.name.startsWith('curl --tftp-blksize') ? SIZES : [0, ...SIZES]
      for (const size of sizes) await gets(t, lab, host, client, `file-${size}`)
    }
  })
)

test(
  'each client gets what options it asked for, and of the size of a block what the path takes',
  withFiles([LONG], async (t, lab, host) => {
    const clients: [TftpClient, string][] = [
      [
        atftp('blksize 1468', 'tsize 0', 'timeout 3', 'windowsize 8'),
        'tsize=35651584 timeout=3 blksize=1468 windowsize=8'
      ],
      [atftp('blksize 65464', 'windowsize 16'), 'blksize=1468 windowsize=16'],
      [curl('--tftp-blksize', '65464'), 'tsize=35651584 blksize=1468 timeout=6'],
      [busybox(65464), 'blksize=1468 tsize=35651584']
    ]
    for (const [client, agreed] of clients) {
      await gets(t, lab, host, client, `file-${LONG}`)
      t.true((await lab.tandem.log()).includes(`-> OACK ${agreed}, `), `${client.name}: ${agreed}`)
    }
  })
)

test(
  'where the path takes jumbo frames, so do blocks',
  withFiles([MIB], async (t, lab, host) => {
    const { network } = lab
    const ports = JSON.parse(await network.run(['ip', '-json', 'link', 'show', 'master', network.bridge])) as Link[]
    for (const { ifname } of [...ports, { ifname: network.bridge }])
      await network.run(['ip', 'link', 'set', ifname, 'mtu', '9000'])
    await host.execute(['ip', 'link', 'set', 'eth0', 'mtu', '9000'])
    const clients: [TftpClient, string][] = [
      [busybox(65464), 'blksize=8968 tsize=1048576'],
      [atftp('blksize 65464', 'windowsize 4'), 'blksize=8968 windowsize=4']
    ]
    for (const [client, agreed] of clients) {
      await gets(t, lab, host, client, `file-${MIB}`)
      t.true((await lab.tandem.log()).includes(`-> OACK ${agreed}, `), `${client.name}: ${agreed}`)
    }
  })
)

test(
  'each client goes on past block 65,535',
  withFiles([LONG], async (t, lab, host) => {
    // All of Debian 12's go on with block 0. In netascii there are no such files: it is for texts of up to 16 MiB.
    const clients = [tftpHpa('binary'), curl('--tftp-no-options'), busybox(512), atftp('blksize 512', 'windowsize 8')]
    for (const client of clients) await gets(t, lab, host, client, `file-${LONG}`)
  })
)

test(
  'a text in netascii has its own line ends again at the client',
  withFiles([], async (t, lab, host) => {
    for (const client of [
      tftpHpa('netascii'),
      atftp('mode netascii'),
      atftp('mode netascii', 'blksize 8', 'windowsize 2')
    ])
      await gets(t, lab, host, client, 'text')
    // curl keeps it as it was sent.
    const local = join(lab.folder, 'as-sent')
    await host.execute(curl().get('10.77.0.1', 'text;mode=netascii', local))
    const hex = (text: string) => Buffer.from(text).toString('hex')
    const asSent = 'one\r\ntwo\r\0\r\nthree\r\0four\r\n\r\n\r\0\0five\r\0'
    t.is((await host.execute(['od', '-An', '-v', '-tx1', local])).replaceAll(/\s/g, ''), hex(asSent))
  })
)

test(
  'over a network that loses, doubles and reorders packets, clients that acknowledge each block get their files',
  withFiles([64 * KIB, MIB], async (t, lab, host) => {
    const clients: [TftpClient, number][] = [
      [tftpHpa('binary'), MIB],
      [tftpHpa('netascii'), 64 * KIB],
      [curl('--tftp-no-options'), MIB],
      // It asks that what is lost be sent again after 6 s (RFC 2349), and so it is.
      [curl('--tftp-blksize', '1468'), 64 * KIB],
      [busybox(1468), MIB]
    ]
    const tally = await throughProxy(host, { seed: 1, ...BAD }, async () => {
      for (const [client, size] of clients) await gets(t, lab, host, client, `file-${size}`, AT_PROXY)
    })
    t.log(tally)
    t.true(tally.lost > 50 && tally.doubled > 50 && tally.late > 100)
  })
)

test(
  'over such a network a client gets its files in windows, too',
  withFiles([MIB, 8 * MIB], async (t, lab, host) => {
    const tally = await throughProxy(host, { seed: 2, ...BAD, ...FOR_ATFTP }, async () => {
      await gets(t, lab, host, atftp('blksize 1468'), `file-${MIB}`, AT_PROXY)
      await gets(t, lab, host, atftp('blksize 1468', 'windowsize 8'), `file-${8 * MIB}`, AT_PROXY)
      await gets(t, lab, host, atftp('blksize 1468', 'windowsize 16'), `file-${8 * MIB}`, AT_PROXY)
    })
    t.log(tally)
    t.true(tally.lost > 50 && tally.doubled > 50 && tally.late > 100)
  })
)

test(
  'over a better one it does so past block 65,535',
  withFiles([LONG], async (t, lab, host) => {
    const tally = await throughProxy(host, { seed: 3, ...BETTER, ...FOR_ATFTP }, () =>
      gets(t, lab, host, atftp('blksize 512', 'windowsize 8'), `file-${LONG}`, AT_PROXY)
    )
    t.log(tally)
    t.true(tally.lost > 50 && tally.doubled > 50 && tally.late > 50)
  })
)

/** A lab whose loaders' folder has files of these sizes, named by them, and the text; and a host with an address there. */
function withFiles(sizes: number[], scenario: (t: ExecutionContext, lab: Lab, host: Host) => Promise<void>) {
  const put = async (folder: string) => {
    await writeFile(join(folder, 'text'), TEXT)
    for (const size of sizes) await writeFile(join(folder, `file-${size}`), randomBytes(size))
  }
  const run = async (t: ExecutionContext, lab: Lab) => {
    const host = await lab.host('52:54:00:00:01:0a')
    await host.execute(['ip', 'addr', 'add', '10.77.0.60/24', 'dev', 'eth0'])
    await scenario(t, lab, host)
  }
  return inLab(run, 'authoritative', put)
}

type Link = { ifname: string }

/** Some clients end with 0 whatever came: it is the bytes that count. */
async function gets(
  t: ExecutionContext,
  { folder }: Lab,
  host: Host,
  client: TftpClient,
  file: string,
  server = '10.77.0.1'
): Promise<void> {
  const local = join(folder, 'got')
  await host.execute(['rm', '-f', local])
  await host.execute(['timeout', String(PATIENCE), ...client.get(server, file, local)])
  await t.notThrowsAsync(host.execute(['cmp', join(folder, 'loaders', file), local]), `${client.name}: ${file}`)
}

/** What befell the packets while `work` went on. */
async function throughProxy(host: Host, faults: Faults, work: () => Promise<void>): Promise<Tally> {
  const errand: Errand = { listen: AT_PROXY, server: '10.77.0.1', faults }
  const proxy = await host.start([
    process.execPath,
    join(import.meta.dirname, 'lab/lossy-proxy.ts'),
    JSON.stringify(errand)
  ])
  await waitFor('the proxy listens', 60, async () => (await host.execute(['ss', '-lun'])).includes(`${AT_PROXY}:69 `))
  await work()
  await proxy.stop()
  return JSON.parse((await host.log()).trim().split('\n').at(-1) ?? '') as Tally
}
