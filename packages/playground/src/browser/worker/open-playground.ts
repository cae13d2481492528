import { mountFiles } from '@saeval/hub'
import { checked, readModelJson } from '@saeval/hub/checks'
import { type BrowserModelOptions, loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { findSae, openSae, type SaeFile } from '@saeval/sae-core'
import { featuresFileOf, readFeaturesFile } from '@saeval/steering/internal/edits/features-file'
import { type Playground, playgroundSchema } from '../playground.js'
import type { Latent, Requests } from '../protocol.js'

/** What a worker holds from the moment that it is opened. */
export interface Opened {
  readonly playground: Playground
  readonly model: OnnxModel
  readonly saes: readonly SaeFile[]
  /** All latents of each SAE. */
  readonly latents: readonly (readonly Latent[])[]
}

/** Opens the model and the SAEs of a page. Throws InputError for files that are not what they should be. */
export async function openPlayground(
  { files }: Requests['open'],
  computing: Pick<BrowserModelOptions, 'onnxruntime' | 'gpu'>,
): Promise<Opened> {
  mountFiles(files)
  const playground = checked('playground.json', playgroundSchema, await readModelJson('playground.json'))
  const model = await loadModel({ model: playground.model, ...computing })
  const saes: SaeFile[] = []
  const latents: Latent[][] = []
  for (const { release, id } of playground.saes) {
    const sae = await openSae(findSae(release, id), {})
    saes.push(sae)
    latents.push(await latentsOf(sae))
  }
  return { playground, model, saes, latents }
}

async function latentsOf({ config, reference }: SaeFile): Promise<Latent[]> {
  const path = featuresFileOf(reference)
  const features = path === null ? [] : await readFeaturesFile(path)
  const known = new Map(features.map((feature) => [feature.latent, feature]))
  return Array.from({ length: config.dSae }, (_, latent) => ({
    latent,
    label: known.get(latent)?.label ?? null,
    maxActivation: known.get(latent)?.maxActivation ?? null,
  }))
}
