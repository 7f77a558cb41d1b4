/** Real firmware under emulation: minutes instead of seconds, and two machines at once on two cores. */
export default {
  files: ['test/e2e/**/*.e2e.ts'],
  extensions: ['ts'],
  // A process per file, so that a signal to the one group ends all of it.
  workerThreads: false,
  concurrency: 2,
  serial: true,
  timeout: '5m'
}
