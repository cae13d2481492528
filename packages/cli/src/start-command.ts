import { SHARE_ENV, Worker } from 'node:worker_threads'
import type { CommandMessage, ProcessMessage, ThreadData } from './command-thread.js'

/** Exit codes of what a signal has ended, as shells have them. */
const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
type EndingSignal = keyof typeof signalCodes
/** How long a command may take to end by itself; how long native code may take after that. */
const milliseconds = { command: 1200, native: 600 } as const

/**
 * Runs a command line in a thread: this one hears signals whatever the command computes, and goes on where the command's memory is full. The
 * process ends with the command's exit code, or with the signal's.
 */
export function startCommand(argv: readonly string[]): void {
  const { stdout, stderr } = process
  const workerData: ThreadData = {
    argv,
    isTerminal: { stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
    columns: stderr.columns,
  }
  // what the command sets there (onnxruntime's reports off) is for native code, which sees the process' own environment only
  const thread = new Worker(new URL('./command-thread.js', import.meta.url), { workerData, env: SHARE_ENV })
  const tell = (message: ProcessMessage) => thread.postMessage(message)
  let received: EndingSignal | null = null
  let isDone = false

  stderr.on('resize', () => tell({ columns: stderr.columns }))
  thread.on('message', (message: CommandMessage) => {
    if ('text' in message) return process[message.to].write(message.text)
    isDone = true
    process.exitCode = message.isInterrupted && received !== null ? signalCodes[received] : message.code
    // what has not ended with its command never would
    setTimeout(() => thread.terminate(), milliseconds.command).unref()
  })
  thread.on('error', (error) => {
    // what a command leaves behind cannot undo it
    if (!isDone) throw error
  })
  /** Ends the process at once. Native code cannot be stopped: then the signal does what it would without us. */
  const end = async (signal: EndingSignal) => {
    if (!isDone) stderr.write('interrupted\n')
    setTimeout(() => {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    }, milliseconds.native)
    await thread.terminate()
    process.exit(signalCodes[signal])
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // the second one does not wait for the batch that is being computed
      if (received !== null) return end(received)
      received = signal
      tell('stop')
      setTimeout(end, milliseconds.command, signal).unref()
    })
}
