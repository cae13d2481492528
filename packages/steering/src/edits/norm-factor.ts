import { InputError, option, type Sentence, sentence } from '@saeval/hub'
import { readTextNow } from '@saeval/hub/internal/disk'
import type { MeasuredNumbers, SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'
import { withNormFactor } from '@saeval/sae-core/internal/loaders/with-norm-factor'
import type { MissingFactor } from '@saeval/sae-core/internal/sae-config'
import { measuredOnce } from './measured-once.js'

/** Arguments that say the norm factor of an SAE whose files lack it. */
export const normFactorArguments = { norm_factor: 'number', norm_text: 'string' } as const

export interface NormFactorArguments {
  readonly norm_factor?: number
  readonly norm_text?: string
}

/**
 * Checks the arguments against the SAEs of a run. Throws InputError for an SAE whose latents would be in other units, unless an argument says
 * its factor; and for an argument that no SAE needs.
 */
export function checkNormFactors(args: NormFactorArguments, saes: readonly SaeFile[]): void {
  const { norm_factor: factor, norm_text: path } = args
  if (factor !== undefined && path !== undefined)
    throw new InputError(sentence`${option('modelArgs')}: give norm_factor or norm_text, not both`)
  if (factor !== undefined && !(factor > 0 && Number.isFinite(factor)))
    throw new InputError(sentence`${option('modelArgs')}: norm_factor is ${factor}, expected a number above 0`)
  // a row in a random direction has a copy of its SAE
  const lacking = new Map(saes.flatMap((sae) => (sae.config.missingFactor === null ? [] : [[sae.key, sae]])))
  const [first, ...others] = lacking.values()
  const given = factor === undefined ? (path === undefined ? null : 'norm_text') : 'norm_factor'
  if (first === undefined) {
    if (given === null) return
    throw new InputError(
      sentence`${option('modelArgs')}: ${given} has no effect: no SAE of this run lacks a norm factor; leave it out`,
    )
  }
  if (given === null) throw new InputError(missing(first))
  if (given === 'norm_factor' && others.length > 0)
    throw new InputError(
      sentence`${option('modelArgs')}: norm_factor is one number, but ${[first, ...others].map(nameOf).join(', ')} each lack their own; give norm_text=FILE, from which each is measured`,
    )
}

/**
 * The SAE with its norm factor folded in: the one given, or sqrt(d_in) / (mean length of x over the tokens of a text), which SAELens' training
 * measures (ActivationScaler). The SAE itself where none is missing.
 */
export async function withKnownFactor(
  sae: SaeFile,
  { norm_factor: factor, norm_text: path }: NormFactorArguments,
  model: SteerableModel,
  notice: (line: string) => void,
  known?: MeasuredNumbers,
): Promise<SaeFile> {
  const { missingFactor } = sae.config
  if (missingFactor === null) return sae
  if (factor !== undefined) return withNormFactor(sae, factor)
  const { hookPoint } = sae.config
  const key = ['norm factor', hookPoint, missingFactor.contextSize, missingFactor.prependBos, path]
  const [measured, tokens] = await measuredOnce(model, key, known, () =>
    measure(model, hookPoint, missingFactor, path!),
  )
  notice(`norm factor of ${nameOf(sae)}: ${Number(measured!.toPrecision(6))}, measured on ${tokens} tokens of ${path}`)
  return withNormFactor(sae, measured!)
}

/** The factor, and on how many tokens it is measured. Contexts as in training: the text cut into as many tokens, each with BOS first where training had it. */
async function measure(
  model: SteerableModel,
  hookPoint: string,
  { contextSize, prependBos }: MissingFactor,
  path: string,
): Promise<readonly number[]> {
  const { bos } = model.tokenizer
  const start = prependBos && bos !== null ? [bos.id] : []
  const all = model.tokenizer.encode(textOf(path))
  const ids = all[0] === bos?.id ? all.slice(1) : all
  const step = Math.min(contextSize, model.info.maxLength) - start.length
  if (ids.length === 0 || step < 1) throw new InputError(`norm_text ${path} holds no token`)
  let sum = 0
  let tokens = 0
  let dIn = 0
  for (let at = 0; at < ids.length; at += step) {
    const context = [...start, ...ids.slice(at, at + step)]
    const { data, dims } = (await model.captureActivations(context, [hookPoint])).get(hookPoint)!
    dIn = dims[1]
    for (let token = 0; token < context.length; token++)
      sum += Math.hypot(...data.subarray(token * dIn, (token + 1) * dIn))
    tokens += context.length
  }
  return [Math.sqrt(dIn) / (sum / tokens), tokens]
}

function textOf(path: string): string {
  try {
    return readTextNow(path)
  } catch (cause) {
    throw new InputError(sentence`${option('modelArgs')}: cannot read norm_text ${path}: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function missing(sae: SaeFile): Sentence {
  const { file, field } = sae.config.missingFactor!
  return sentence`${file}: ${field} asks for a factor that no file of ${nameOf(sae)} has, so its latents would be in other units; give norm_factor=… in ${option('modelArgs')} (SAELens calls it scaling_factor; 1 if the weights hold it), or norm_text=FILE to measure it on text like the training's`
}

function nameOf({ reference: { release, id } }: SaeFile): string {
  return `${release} ${id}`
}
