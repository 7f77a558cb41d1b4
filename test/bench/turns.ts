import type { Sample } from './figures.ts'

/**
 * Measures each contender once a run; they take turns, so that what else the machine does befalls all alike.
 * @param trial is given the contender's samples so far.
 * @returns the samples by the contenders' names.
 */
export async function takeTurns<Contender extends { readonly name: string }, Name extends string>(
  point: string,
  { runs, progress }: { readonly runs: number; readonly progress: (line: string) => void },
  contenders: readonly Contender[],
  trial: (contender: Contender, earlier: readonly Sample<Name>[]) => Promise<Sample<Name>>
): Promise<ReadonlyMap<string, readonly Sample<Name>[]>> {
  const samples = new Map(contenders.map(({ name }) => [name, [] as Sample<Name>[]]))
  for (let run = 1; run <= runs; run += 1) {
    for (const contender of contenders) {
      const own = samples.get(contender.name) as Sample<Name>[]
      const sample = await trial(contender, own)
      own.push(sample)
      progress(`${point}, run ${run} of ${runs}: ${contender.name} ${JSON.stringify(sample)}`)
    }
  }
  return samples
}
