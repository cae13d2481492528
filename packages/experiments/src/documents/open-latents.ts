import { InputError, option, sentence } from '@saeval/hub'
import { openSae, type Sae, type SaeFile, type SaeReference } from '@saeval/sae-core'
import { readFeaturesFile } from '@saeval/steering'
import { featuresFileOf, labelOf, maxActivation } from '@saeval/steering/internal/edits/features-file'
import { checkNormFactors, normFactorArguments, withKnownFactor } from '@saeval/steering/internal/edits/norm-factor'
import { type OpenRun, type OpenRunOptions, openRun } from './open-run.js'

const ownArguments = { features_path: 'string', ...normFactorArguments } as const

/** Which latents are looked into, of what model, on which tasks. */
export interface LatentOptions extends Omit<OpenRunOptions<typeof ownArguments>, 'name' | 'own'> {
  readonly sae: SaeReference
  /** null for all of them. */
  readonly latents: readonly number[] | null
  /** Called before each latent that takes runs of its own. */
  readonly onLatent?: (done: number, total: number) => void
}

/** A model and tasks, beside an SAE that is loaded. */
export interface OpenLatents extends OpenRun<typeof ownArguments> {
  readonly file: SaeFile
  readonly sae: Sae
  readonly latents: readonly number[]
  /** What a latent is about and its largest activation, by the features file beside the SAE or of `features_path`; null where it does not say. */
  readonly labelOf: (latent: number) => string | null
  readonly maxActivationOf: (latent: number) => number | null
}

/**
 * Opens the model, an SAE of it and the tasks of a run and `more` ones. `name` is the command, for messages. Throws InputError for what does not fit
 * together, and for latents that the SAE does not have.
 */
export async function openLatents(
  options: LatentOptions,
  name: string,
  more: readonly string[] = [],
): Promise<OpenLatents> {
  const open = await openRun({ ...options, name, own: ownArguments }, more)
  let file: SaeFile | null = null
  const close = async () => {
    await file?.close()
    await open.close()
  }
  try {
    const { args, base, baseName } = open
    file = await openSae(options.sae, options.hub ?? {})
    checkNormFactors(args, [file])
    const known = await withKnownFactor(file, args, base, options.onNotice ?? (() => {}))
    const { config, reference } = known
    for (const hook of [config.hookPoint, config.hookPointOut])
      if (!base.hookPoints.includes(hook))
        throw new InputError(`${baseName} has no hook point ${hook}, where this SAE acts`)
    const latents = options.latents ?? [...Array(config.dSae).keys()]
    const wrong = latents.find((latent) => !Number.isInteger(latent) || latent < 0 || latent >= config.dSae)
    if (wrong !== undefined)
      throw new InputError(
        sentence`${option('latents')}: ${wrong} is no latent; this SAE has latents 0 to ${config.dSae - 1}`,
      )
    const path = (args.features_path as string | undefined) ?? featuresFileOf(reference)
    const features = path === null ? [] : await readFeaturesFile(path)
    const { release, id } = reference
    return {
      ...open,
      file: known,
      sae: { config, tensors: await known.load() },
      latents,
      labelOf: (latent) => labelOf(features, release, id, latent),
      maxActivationOf: (latent) => maxActivation(features, release, id, latent),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
