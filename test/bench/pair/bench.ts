import { resolve } from 'node:path'
import type { Bench } from '../bench.ts'
import { compile } from '../compile.ts'
import type { Figure } from '../figures.ts'
import { POINTS } from './points.ts'

/** A pair of servers under load and under faults, beside one by itself and beside Kea's. */
export const pairBench: Bench = {
  points: Object.keys(POINTS),
  async run({ points, runs, folder, run, progress }) {
    const chosen = points.flatMap((name) => POINTS[name] ?? [])
    const contestants = new Set(chosen.flatMap((point) => point.contestants))
    const versions = await Promise.all(Array.from(contestants, (contestant) => contestant.version()))
    const generator = await compile(resolve(import.meta.dirname, '../dhcp/load.c'), folder)
    const figures: Figure[] = []
    for (const point of chosen) figures.push(...(await point.measure({ folder, run, generator, runs, progress })))
    return { figures, versions: Array.from(new Set(versions)) }
  }
}
