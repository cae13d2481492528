import { InputError } from '@saeval/hub'
import { type WebGpuDevice, type WebOnnxruntime, warmUp } from '@saeval/lm-backend-onnx'
import { actingOf } from '@saeval/steering/internal/effects/acting'
import { readLatents } from '@saeval/steering/internal/generate/latent-readings'
import type { Kind, Parts, Requests, Side } from '../protocol.js'
import { type LookAtToken, lookAtTokens } from './active-latents.js'
import { gpuDevice } from './gpu-device.js'
import { setUpOnnxruntime } from './onnxruntime.js'
import { type Opened, openPlayground } from './open-playground.js'
import { type TaskScorer, taskScorer } from './score-tasks.js'
import { checkOf, csvOf, type Steering, steeringOf } from './steering.js'
import { growingText, newTokensOf, nextTokens, openForTexts, shownText, type Written, write } from './write-texts.js'

/** Answers one request: gives its parts to `send`, and stops when `signal` says so. */
export type Answer = <K extends Kind>(
  kind: K,
  request: Requests[K],
  send: (part: Parts[K]) => void,
  signal: AbortSignal,
) => Promise<void>

/** What a worker does. */
export function answerer(): Answer {
  let onnxruntime: WebOnnxruntime | null = null
  let gpu: WebGpuDevice | null = null
  let started: Promise<void> = Promise.resolve()
  let opened: Opened | null = null
  let scorer: TaskScorer | null = null
  let look: LookAtToken | null = null
  let lastRoom = ''
  let lastSteering: { readonly csv: string; readonly steering: Steering } | null = null
  let lastPlain: { readonly prompt: string; readonly written: Written } | null = null
  const here = (): Opened => {
    if (opened === null) throw new Error('nothing is opened yet')
    return opened
  }
  const steering = async (edits: Requests['write']['edits']): Promise<Steering> => {
    if (edits.length === 0) return { interventions: [], trial: null, readings: [] }
    const { playground, latents, model } = here()
    const csv = csvOf(playground, latents, edits)
    if (lastSteering?.csv !== csv) lastSteering = { csv, steering: await steeringOf(model, playground, csv) }
    return lastSteering.steering
  }

  /** Opens the session that serves the page's edits before another one: it serves the model as it is, too, and any strength. */
  const makeRoom = async (room: Requests['write']['room'], prompt: string) => {
    const edits = room.map((edit) => ({ ...edit, coefficient: 1 }))
    const key = JSON.stringify(edits)
    if (key === lastRoom) return
    const { model } = here()
    await openForTexts(model.steer((await steering(edits)).interventions), prompt, newTokensOf(here()))
    lastRoom = key
  }

  const answers: {
    [K in Kind]: (request: Requests[K], send: (part: Parts[K]) => void, signal: AbortSignal) => Promise<void>
  } = {
    prepare: async ({ module, onGpu }) => {
      gpu = onGpu ? await gpuDevice() : null
      onnxruntime = setUpOnnxruntime(module)
      // it goes on while files are read
      started = warmUp(onnxruntime, gpu)
      started.catch(() => {})
    },
    open: async (request, send) => {
      if (onnxruntime === null) throw new Error('nothing is prepared')
      opened = await openPlayground(request, { onnxruntime, gpu })
      await started
      const { playground, latents, model } = opened
      // what WebGPU cannot compute shows now, while there is another way
      if (gpu !== null) await model.lastLogits([0], [[]])
      const { numParameters, maxLength } = model.info
      send({ playground, latents, model: `${numParameters.toLocaleString('en')} parameters`, maxLength })
    },
    write: async ({ prompt, edits, room }, send, signal) => {
      const { model } = here()
      const newTokens = newTokensOf(here())
      // of a longer beginning the end is read, as lm_eval cuts prompts
      const { ids, truncated: isCut } = model.encodePrompt(prompt, newTokens)
      await makeRoom(room, prompt)
      const set = await steering(edits)
      const writeSide = async (side: Side, known: Written | null) => {
        const by = side === 'plain' ? model : model.steer(set.interventions)
        const grow = (part: Written) => send({ text: { ...growingText(by, side, part), isCut } })
        const written = known ?? (await write(by, prompt, newTokens, signal, grow))
        send({ text: { ...(await shownText(by, side, written, set.readings)), isCut } })
        signal.throwIfAborted()
        return written
      }
      const next = async () => send({ next: await nextTokens(here(), ids, set) })
      const plain = lastPlain?.prompt === prompt ? lastPlain.written : null
      if (set.interventions.length === 0) {
        // one text stands on both sides
        const written = await writeSide('steered', plain)
        lastPlain = { prompt, written }
        await writeSide('plain', written)
        await next()
        return
      }
      // a slider that moves on ends the texts, and not the table
      await next()
      signal.throwIfAborted()
      await writeSide('steered', null)
      lastPlain = { prompt, written: await writeSide('plain', plain) }
    },
    prepareEdits: async ({ edits }, send, signal) => {
      const { model, playground } = here()
      const set = await steering(edits.map((edit) => ({ ...edit, coefficient: 1 })))
      const by = model.steer(set.interventions)
      const [prompt = ''] = playground.prompts
      const { ids } = model.encodePrompt(prompt, newTokensOf(here()))
      // each opens sessions; a text that is to be written ends this in between
      await nextTokens(here(), ids, set)
      signal.throwIfAborted()
      await write(by, prompt, 2, signal, () => {})
      signal.throwIfAborted()
      await readLatents(
        by,
        set.readings.filter((reading) => reading !== null),
        ids,
        0,
      )
      send(null)
    },
    score: async ({ edits }, send, signal) => {
      const { interventions, trial } = await steering(edits)
      scorer ??= await taskScorer(here())
      const asked = await scorer.score(interventions, signal, send)
      const problem = trial === null ? null : actingOf(asked, trial, false).problem
      send({ silence: problem === null ? null : new InputError(problem).message })
    },
    check: async ({ edits }, send, signal) => {
      const { playground, latents, model } = here()
      const found = await checkOf(model, playground, csvOf(playground, latents, edits))
      signal.throwIfAborted()
      send(found)
    },
    look: async (request, send, signal) => {
      look ??= lookAtTokens(here())
      send(await look(request, signal))
    },
    csv: async ({ edits }, send) => {
      const { playground, latents } = here()
      send({ csv: csvOf(playground, latents, edits) })
    },
  }
  return (kind, request, send, signal) => answers[kind](request, send, signal)
}
