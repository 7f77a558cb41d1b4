import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compare, type Figure, figure, type Metric, medianOf, type Sample, TANDEM } from '../figures.ts'
import { takeTurns } from '../turns.ts'
import { requestInstall } from './install-file.ts'
import { hashOfFile, hashOfUrl, type Lab } from './lab.ts'
import { atftpd, dnsmasq, type FileServer, hpa, nginx, npmTftp, tandem } from './servers.ts'
import { FILES } from './site.ts'
import { oneClient, overLoss, RATE, rack, storm, TIME } from './trials.ts'

/** Some comparisons, under a name. */
export type Point = {
  readonly servers: readonly FileServer[]
  measure(lab: Lab): Promise<readonly Figure[]>
}

const PEERS = [tandem, hpa, atftpd, dnsmasq]
const WITH_WINDOWS = [tandem, atftpd]
const BLOCK_SIZES = [512, 1468, 8192]
const WINDOW_SIZES = [1, 4, 16, 64]
/** MB beyond the idle daemon for a thousand transfers. */
const STORM_MEMORY = 200

export const POINTS: Readonly<Record<string, Point>> = {
  /** One client. */
  one: matrix('one', [...PEERS, npmTftp], oneClient),
  /** A hundred. */
  rack: matrix('rack', PEERS, rack),
  loss: {
    servers: PEERS,
    async measure(lab) {
      const figures: Figure[] = []
      for (const [window, servers] of [[1, PEERS] as const, [16, WITH_WINDOWS] as const]) {
        const trial = (server: FileServer) => overLoss(lab, server, window)
        const point = `loss, window ${window}`
        figures.push(...compare(at(point), TIME, await takeTurns(point, lab, servers, trial)))
      }
      return figures
    }
  },
  storm: {
    servers: [tandem],
    async measure(lab) {
      const samples: number[] = []
      for (let run = 0; run < lab.runs; run += 1) samples.push((await storm(lab, tandem)).memory)
      const metric: Metric = { unit: 'MB more, 1,000 transfers', better: 'lower' }
      return [figure(at('storm'), metric, medianOf(samples), 'target', STORM_MEMORY)]
    }
  },
  http: { servers: [tandem, nginx], measure: http },
  install: { servers: [tandem, nginx], measure: install }
}

function at(point: string) {
  return { bench: 'files', point }
}

/** All sizes of blocks and windows. */
function matrix(
  name: string,
  servers: readonly FileServer[],
  trial: (lab: Lab, server: FileServer, blksize: number, windowsize: number) => Promise<Sample<'rate'>>
): Point {
  return {
    servers,
    async measure(lab) {
      const figures: Figure[] = []
      for (const blksize of BLOCK_SIZES) {
        for (const windowsize of WINDOW_SIZES) {
          // The package in JavaScript takes seconds for each of these.
          const taking = blksize === 1468 && windowsize <= 4 ? servers : servers.filter((server) => server !== npmTftp)
          const point = `${name}, ${blksize} × ${windowsize}`
          const samples = await takeTurns(point, lab, taking, (server) => trial(lab, server, blksize, windowsize))
          figures.push(...compare(at(point), RATE, samples))
        }
      }
      return figures
    }
  }
}

const pathOf = (server: FileServer, file: string) => (server.name === TANDEM ? `/boot/loaders/${file}` : `/${file}`)

/** How often 64 MiB are got in a run: for about a second. */
const GETS = 40

/** 64 MiB over connections that stay. @throws when the bytes are wrong. */
async function http(lab: Lab): Promise<readonly Figure[]> {
  const servers = [tandem, nginx]
  const right = await hashOfFile(join(lab.files, 'big.bin'))
  for (const server of servers) {
    const hash = await hashOfUrl(lab, `http://${server.address}${pathOf(server, 'big.bin')}`)
    if (hash !== right) throw new Error(`${server.name} serves wrong bytes`)
  }
  const figures: Figure[] = []
  for (const connections of [1, 8]) {
    const point = `http, ${connections} connection${connections > 1 ? 's' : ''}`
    const samples = await takeTurns(point, lab, servers, async (server) => {
      const url = `http://${server.address}${pathOf(server, 'big.bin')}`
      const seconds = await lab.curl(url, GETS, connections)
      return { rate: (GETS * FILES['big.bin']) / seconds / 1e6 }
    })
    figures.push(...compare(at(point), RATE, samples))
  }
  return figures
}

/** A rendered preseed file, and the same bytes as a file. */
async function install(lab: Lab): Promise<readonly Figure[]> {
  const { path, text } = await requestInstall(lab)
  await writeFile(join(lab.files, 'preseed.cfg'), text)
  const metrics = { rate: { unit: 'requests/s', better: 'higher' } } as const
  const samples = await takeTurns('install file', lab, [tandem, nginx], async (server) => {
    const { requests, seconds } = await lab.http(server.address, server === tandem ? path : '/preseed.cfg', 50, 3)
    return { rate: requests / seconds }
  })
  return compare(at(`install file, ${text.length} bytes`), metrics, samples)
}
