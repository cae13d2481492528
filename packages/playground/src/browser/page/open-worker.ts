import { InputError } from '@saeval/hub'
import type { Parts } from '../protocol.js'
import type { GivenFiles } from './held-files.js'
import { answerOf, type WorkerClient } from './worker-client.js'

/** A worker that is started, and when its WebAssembly is there. */
export interface StartedWorker {
  readonly worker: WorkerClient
  readonly prepared: Promise<void>
}
/** Starts workers of one build of onnxruntime. */
export type Start = () => StartedWorker

/** A worker that has opened the model. */
export interface OpenedWorker {
  readonly worker: WorkerClient
  readonly opened: Parts['open']
}

/** Opens what the page holds in a started worker. Throws InputError for what is given, another Error for what cannot be computed. */
export async function openWorker(
  { worker, prepared }: StartedWorker,
  { request, transfer }: GivenFiles,
): Promise<OpenedWorker> {
  await prepared
  return { worker, opened: await answerOf(worker, 'open', request, transfer) }
}

/** Where the model came to be opened. */
export interface Opening {
  readonly opened: OpenedWorker
  /** Starts further workers there. */
  readonly start: Start
  /** Why it is without WebGPU; null with it. */
  readonly without: string | null
}

/**
 * Opens the first worker. `starter` is asked once for each build; with WebGPU first, unless `without` says why not. Where WebGPU fails, its worker ends and another
 * one opens without. Throws InputError for what is given: that is the same without WebGPU.
 */
export async function openFirst(
  without: string | null,
  starter: (onGpu: boolean) => Promise<Start>,
  files: () => Promise<GivenFiles>,
): Promise<Opening> {
  let first: StartedWorker | null = null
  try {
    const start = await starter(without === null)
    // it starts while the files are read
    first = start()
    return { opened: await openWorker(first, await files()), start, without }
  } catch (error) {
    if (without !== null || InputError.isInstance(error)) throw error
    first?.worker.terminate()
    const reason = error instanceof Error ? error.message : String(error)
    const start = await starter(false)
    const opened = await openWorker(start(), await files()).catch((cause: unknown) => {
      // what is too large without WebGPU, above all
      if (InputError.isInstance(cause)) throw new InputError(`${cause.message} (WebGPU failed: ${reason})`, { cause })
      throw cause
    })
    return { opened, start, without: reason }
  }
}
