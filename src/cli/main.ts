import { run } from './run.ts'

// `tandem events | head` closes the pipe while there is more to say: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), {
  output: { line: (text) => process.stdout.write(`${text}\n`) },
  binary: { isTerminal: process.stdout.isTTY, write: (bytes) => process.stdout.write(bytes) },
  errors: { line: (text) => process.stderr.write(`${text}\n`) },
  env: process.env
})
