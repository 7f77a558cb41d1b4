/** Real firmware under emulation: minutes instead of seconds, and two files at once, each with one machine, on two cores. */
export default {
  files: ['test/e2e/**/*.e2e.ts'],
  extensions: ['ts'],
  // A process per file, so that a signal to the one group ends all of it.
  workerThreads: false,
  concurrency: 2,
  timeout: '10m'
}
