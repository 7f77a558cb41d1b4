import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { compile } from '../compile.ts'
import type { Figure } from '../figures.ts'
import { makeLink } from '../link.ts'
import { POINTS } from './points.ts'
import { LINK, RELAY, SERVER } from './site.ts'

/** DHCP servers under load, each alone on a host of its own; the load comes over a link from another. */
export const dhcpBench: Bench = {
  points: Object.keys(POINTS),
  async run({ points, runs, folder, run, progress }) {
    const chosen = points.flatMap((name) => POINTS[name] ?? [])
    const contenders = new Set(chosen.flatMap((point) => point.contenders))
    const versions = await Promise.all(Array.from(contenders, (contender) => contender.version()))
    const generator = await compile(join(import.meta.dirname, 'load.c'), folder)
    const link = await makeLink(run, LINK, { server: SERVER, client: RELAY })
    try {
      const figures: Figure[] = []
      for (const point of chosen) figures.push(...(await point.measure({ link, folder, generator, runs, progress })))
      return { figures, versions: Array.from(new Set(versions)) }
    } finally {
      await link.remove()
    }
  }
}
