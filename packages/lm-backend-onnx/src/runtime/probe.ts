import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { deviceProblem } from './device-problem.js'
import type { Hardware } from './hardware.js'
import type { Provider } from './protocol.js'
import { noTelemetry } from './session-thread.js'

/** What trying a provider has shown. */
export type Probed =
  | {
      readonly computes: true
      /** onnxruntime's version, and those of the libraries that the provider stands on: "onnxruntime 1.30.0, CUDA 13.0". */
      readonly library: string
      readonly hardware: Hardware
      /** Types of numbers that it computes with, "float32" among them; all of them only where they were asked for. */
      readonly precisions: readonly string[]
      /** GPUs that CUDA's driver sees; absent of other providers. */
      readonly gpus?: number
    }
  | {
      readonly computes: false
      /** Why, and what to do: a clause without a capital. */
      readonly problem: string
      /** Whether it is wrong with this device, and others of the provider may compute. */
      readonly isOfOne: boolean
      readonly gpus?: number
    }

/** How thoroughly a provider is looked at: whether it computes, or also with which types of numbers. */
export type Thoroughness = 'computes' | 'precisions'

/** Milliseconds after which a driver that does not answer is given up. CUDA may compile its kernels first. */
const patience = 120_000

/**
 * Tries a provider in a process of its own, on a one-node graph: its libraries write what they like to standard error, which is only read for the
 * reason here, and a broken driver may end the process.
 */
export async function probe(provider: Provider, thoroughness: Thoroughness): Promise<Probed> {
  const script = fileURLToPath(new URL('./probe-process.js', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(provider), thoroughness], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...noTelemetry, ...process.env },
    timeout: patience,
  })
  const [written, said] = [textOf(child.stdout), textOf(child.stderr)]
  return new Promise((resolve) => {
    const fail = (problem: string, isOfOne = true, gpus?: number) =>
      resolve({ computes: false, problem, isOfOne, ...(gpus === undefined ? {} : { gpus }) })
    child.on('error', (error) => fail(`its process cannot be started: ${error.message}`))
    child.on('close', (code, signal) => {
      const answer = answerIn(written.join(''))
      if (answer !== null && 'computes' in answer) resolve(answer)
      else if (child.killed) fail(`its driver has not answered for ${patience / 1000} seconds`)
      else if (signal !== null) fail(`its driver ended the process (${signal}): update or reinstall it`)
      else {
        const text = `${said.join('')}\n${answer?.error ?? `it ended with code ${code}`}`
        const { problem, isOfOne } = deviceProblem(provider.name, text)
        fail(problem, isOfOne, answer?.gpus)
      }
    })
  })
}

/** What the process writes of what was thrown. */
interface Failure {
  readonly error: string
  readonly gpus?: number
}

/** The last line of what the process has written, which is its answer; null where it has none. */
function answerIn(written: string): Probed | Failure | null {
  const last = written.trimEnd().split('\n').at(-1)!
  try {
    return JSON.parse(last) as Probed | Failure
  } catch {
    return null
  }
}

/** The parts of a stream's text, filled as they come. */
function textOf(stream: NodeJS.ReadableStream): string[] {
  const parts: string[] = []
  stream.setEncoding('utf8').on('data', (text: string) => parts.push(text))
  return parts
}
