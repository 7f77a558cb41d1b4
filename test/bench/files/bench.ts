import type { Bench } from '../bench.ts'
import type { Figure } from '../figures.ts'
import { makeLab } from './lab.ts'
import { POINTS } from './points.ts'

/** TFTP and HTTP servers, all of them idle but for the one that has its turn; the load comes from another host. */
export const filesBench: Bench = {
  points: Object.keys(POINTS),
  async run({ points, runs, folder, run, progress }) {
    const chosen = points.flatMap((name) => POINTS[name] ?? [])
    const servers = [...new Set(chosen.flatMap((point) => point.servers))]
    const versions = await Promise.all(servers.map((server) => server.version()))
    const lab = await makeLab(servers, { run, folder, runs, progress })
    try {
      const figures: Figure[] = []
      for (const point of chosen) figures.push(...(await point.measure(lab)))
      return { figures, versions }
    } finally {
      await lab.remove()
    }
  }
}
