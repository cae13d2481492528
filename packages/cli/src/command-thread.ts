import { parentPort, workerData } from 'node:worker_threads'
import { exitCode, main } from './main.js'
import type { Output } from './output.js'

/** What the thread of a command tells the process: text for a stream, at the end the exit code. */
export type CommandMessage =
  | { readonly to: 'stdout' | 'stderr'; readonly text: string }
  | { readonly code: number; readonly isInterrupted: boolean }

/** What the process tells the thread: to end, or how wide its terminal is now. */
export type ProcessMessage = 'stop' | { readonly columns: number | undefined }

/** What a stream looks like when the thread starts. */
export interface ThreadData {
  readonly argv: readonly string[]
  readonly isTerminal: Readonly<Record<'stdout' | 'stderr', boolean>>
  readonly columns: number | undefined
}

const { argv, isTerminal, columns: first } = workerData as ThreadData
const controller = new AbortController()
let columns = first
parentPort!.on('message', (message: ProcessMessage) => {
  if (message === 'stop') controller.abort()
  else columns = message.columns
})

const output = (to: 'stdout' | 'stderr'): Output => ({
  write: (text) => parentPort!.postMessage({ to, text } satisfies CommandMessage),
  isTTY: isTerminal[to],
  get columns() {
    return columns
  },
})
const surroundings = { stdout: output('stdout'), stderr: output('stderr'), signal: controller.signal }
const code = await main(argv, surroundings, async () => (await import('./register-models.js')).registerModels())
parentPort!.postMessage({ code, isInterrupted: code === exitCode.interrupted } satisfies CommandMessage)
// what still runs beside a command that has failed ends with it
controller.abort()
parentPort!.close()
