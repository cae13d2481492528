import { exitCode, main } from './main.js'

const controller = new AbortController()
const stop = () => {
  // the second Ctrl-C does not wait for the batch that is being computed
  if (controller.signal.aborted) process.exit(exitCode.interrupted)
  controller.abort()
}
// schedulers and `timeout` end a run by SIGTERM: it must not leave half-written files and temporary folders either
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
// a closed pipe (saeval … | head) is not a failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.success)
  throw error
})
const { stdout, stderr } = process
process.exitCode = await main(process.argv.slice(2), { stdout, stderr, signal: controller.signal }, async () =>
  (await import('./register-models.js')).registerModels(),
)
