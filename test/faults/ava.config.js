/** Pairs of real daemons in network namespaces, and what takes too long for the end-to-end suite: two files at once, each with one pair, on two cores. */
export default {
  files: ['test/faults/**/*.fault.ts', 'test/faults/**/*.long.ts'],
  extensions: ['ts'],
  // A process per file: each moves its own main thread to a network namespace.
  workerThreads: false,
  concurrency: 2,
  timeout: '20m'
}
