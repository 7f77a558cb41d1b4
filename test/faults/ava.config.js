/** Pairs of real daemons in network namespaces: two files at once, each with one pair, on two cores. */
export default {
  files: ['test/faults/**/*.fault.ts'],
  extensions: ['ts'],
  // A process per file: each moves its own main thread to a network namespace.
  workerThreads: false,
  concurrency: 2,
  timeout: '10m'
}
