import { didYouMean, type HubOptions, InputError, type Notice, option, sentence } from '@saeval/hub'
import { type DeviceChoice, deviceChoice, type ModelArguments } from '@saeval/language-model'
import { openSae, type SaeReference } from '@saeval/sae-core'
import { featuresFileOf, labelOf, readFeaturesFile } from '../edits/features-file.js'
import { checkNormFactors, normFactorArguments, withKnownFactor } from '../edits/norm-factor.js'
import { openBase, splitArguments } from '../models/open-base.js'
import { type Inspection, inspectText } from './inspect-text.js'

/** What `inspect` takes in --model_args, beside the arguments of the backend. */
export const inspectArguments = { base_name: 'string', features_path: 'string', ...normFactorArguments } as const

/** What is to be inspected. */
export interface InspectOptions extends DeviceChoice {
  /** base_name, and what else inspectArguments and the backend have. */
  readonly modelArgs: ModelArguments
  readonly sae: SaeReference
  readonly text: string
  /** Latents to follow, active or not. */
  readonly latents: readonly number[]
  /** Most active latents of each token. */
  readonly top: number
  readonly hub?: HubOptions
  readonly onNotice?: Notice
}

/** What was found. */
export interface InspectedSae {
  readonly inspection: Inspection
  /** Size of the activations. */
  readonly dIn: number
}

/**
 * Shows which latents of an SAE are active on a text's tokens. Throws InputError for arguments that are wrong, and for a model without the SAE's
 * hook point.
 */
export async function inspect(options: InspectOptions): Promise<InspectedSae> {
  const { text, latents, top, onNotice: notice = () => {}, hub = {} } = options
  const split = splitArguments('inspect', options.modelArgs, inspectArguments)
  const { base_name: baseName, features_path: givenPath } = split.own
  if (baseName === undefined)
    throw new InputError(sentence`${option('modelArgs')} needs base_name=…, the model to look into`)
  const sae = await openSae(options.sae, hub)
  try {
    checkNormFactors(split.own, [sae])
    const model = await openBase(baseName, split, { batchSize: '1', ...deviceChoice(options), notice, hub })
    try {
      const { hookPoint, dIn } = sae.config
      if (!model.hookPoints.includes(hookPoint))
        throw new InputError(
          `${baseName} has no hook point ${hookPoint}, where this SAE acts${didYouMean(hookPoint, model.hookPoints)}`,
        )
      const path = givenPath ?? featuresFileOf(sae.reference)
      const features = path === null ? [] : await readFeaturesFile(path)
      const { release, id } = sae.reference
      const known = await withKnownFactor(sae, split.own, model, notice)
      const label = (latent: number) => labelOf(features, release, id, latent)
      return { inspection: await inspectText(model, known, text, { latents, top, labelOf: label }), dIn }
    } finally {
      await model.close()
    }
  } finally {
    await sae.close()
  }
}
