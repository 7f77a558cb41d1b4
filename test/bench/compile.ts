import { basename, join } from 'node:path'
import { run } from '../e2e/lab/process.ts'

/**
 * Compiles a program of one file.
 * @returns its path, in `folder`.
 * @throws with the compiler's errors.
 */
export async function compile(source: string, folder: string): Promise<string> {
  const program = join(folder, basename(source, '.c'))
  await run(['gcc', '-O2', '-Wall', '-Werror', '-o', program, source])
  return program
}
