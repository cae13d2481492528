import { answerAll, type GeneratedTokens, type GenerateUntilRequest, type SteerableModel } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { type LatentReading, readLatents } from '@saeval/steering/internal/generate/latent-readings'
import { tokenTexts } from '@saeval/steering/internal/generate/token-texts'
import type { NextToken, ShownText, ShownToken, Side } from '../protocol.js'
import type { Opened } from './open-playground.js'
import type { Steering } from './steering.js'

/** Tokens of each side in the table of next tokens. */
const shownNext = 6

/** Probabilities of the tokens that may come next, as the model is and steered: the likeliest of both, by the larger of the two. */
export async function nextTokens(
  { model }: Opened,
  ids: readonly number[],
  { interventions }: Steering,
): Promise<NextToken[]> {
  const [plain, steered] = (await model.lastLogits(ids, [[], interventions])).map(probabilities)
  const shown = new Set([...likeliest(plain!), ...likeliest(steered!)])
  return [...shown]
    .map((id) => ({ text: model.tokenizer.decode([id]), plain: plain![id]!, steered: steered![id]! }))
    .sort((a, b) => Math.max(b.plain, b.steered) - Math.max(a.plain, a.steered))
}

/** exp(x - max) / sum of them. */
function probabilities(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b))
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((power) => power / sum)
}

function likeliest(values: Float64Array): number[] {
  return [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, shownNext)
}

/** A text that the model has written. */
export interface Written {
  readonly promptIds: readonly number[]
  readonly newIds: readonly number[]
}

/** New tokens of a text: those that the page asks for, and at most half of what the model takes, so that there is room for a beginning. */
export function newTokensOf({ model, playground }: Opened): number {
  return Math.min(playground.newTokens, Math.floor(model.info.maxLength / 2))
}

/** Milliseconds between two looks at a text that grows. */
const betweenLooks = 30

/** Continues a prompt, each token the likeliest one. `onGrown` is told of the first token at once, of others now and then, and of all at the end. */
export async function write(
  model: OnnxModel,
  prompt: string,
  newTokens: number,
  signal: AbortSignal,
  onGrown: (written: Written) => void,
): Promise<Written> {
  let written: GeneratedTokens | null = null
  let looked = Number.NEGATIVE_INFINITY
  await answerAll(model, [textRequest(prompt, newTokens)], {
    signal,
    onTokens: (generated) => {
      written = generated
      if (performance.now() - looked < betweenLooks) return
      looked = performance.now()
      onGrown(generated)
    },
  })
  const whole = written ?? { promptIds: model.encodePrompt(prompt, newTokens).ids, newIds: [] }
  onGrown(whole)
  return whole
}

/** Opens what texts under a model's edits need: a model that reads a request begins that. */
export async function openForTexts(model: SteerableModel, prompt: string, newTokens: number): Promise<void> {
  await model.read([textRequest(prompt, newTokens)])
}

function textRequest(context: string, maxGenToks: number): GenerateUntilRequest {
  return { type: 'generate_until', context, until: [], maxGenToks, doSample: false, temperature: 0 }
}

/** A text as the page shows it, with what the latents of the edits are on each token. */
export async function shownText(
  model: SteerableModel,
  side: Side,
  { promptIds, newIds }: Written,
  readings: readonly (LatentReading | null)[],
): Promise<Omit<ShownText, 'isCut'>> {
  const ids = [...promptIds, ...newIds]
  const known = readings.filter((reading) => reading !== null)
  const activations = await readLatents(model, known, ids, 0)
  const pieces = tokenTexts(model.tokenizer, ids)
  const tokens = ids.map((_, token): ShownToken => {
    const found = activations[token] ?? []
    let next = 0
    return {
      text: pieces[token]!,
      activations: readings.map((reading) => (reading === null ? 0 : (found[next++] ?? 0))),
    }
  })
  return { side, ids, prompt: tokens.slice(0, promptIds.length), tokens: tokens.slice(promptIds.length) }
}

/** The same without activations, while it is being written. */
export function growingText(
  model: SteerableModel,
  side: Side,
  { promptIds, newIds }: Written,
): Omit<ShownText, 'isCut'> {
  const settled = newIds.slice(0, model.tokenizer.settled(newIds))
  const ids = [...promptIds, ...settled]
  const pieces = tokenTexts(model.tokenizer, ids).map((text) => ({ text, activations: [] }))
  return { side, ids, prompt: pieces.slice(0, promptIds.length), tokens: pieces.slice(promptIds.length) }
}
