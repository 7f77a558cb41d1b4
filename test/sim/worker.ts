import { parentPort, workerData } from 'node:worker_threads'
import { play } from './play.ts'

/** Plays every n-th seed, until it is stopped or there are enough. */

const { from, step, until } = workerData as { from: number; step: number; until: number }
for (let seed = from; seed < until; seed += step) parentPort?.postMessage((await play(seed)) ?? seed)
