import { exitCode, main } from './main.js'
import { registerModels } from './models/register.js'

const controller = new AbortController()
process.on('SIGINT', () => {
  // the second Ctrl-C does not wait for the batch that is being computed
  if (controller.signal.aborted) process.exit(exitCode.interrupted)
  controller.abort()
})
// a closed pipe (saeval … | head) is not a failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.success)
  throw error
})
registerModels()
process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
})
