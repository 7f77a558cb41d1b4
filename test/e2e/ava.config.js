/** Real firmware under emulation: minutes instead of seconds, and three files at once, each with one machine: on two cores, a third waits most of the time. */
export default {
  // A pair's faults, a few rounds of each; test/faults/ava.config.js has them alone.
  files: ['test/e2e/**/*.e2e.ts', 'test/faults/**/*.fault.ts'],
  extensions: ['ts'],
  // A process per file, so that a signal to the one group ends all of it.
  workerThreads: false,
  concurrency: 3,
  timeout: '20m'
}
