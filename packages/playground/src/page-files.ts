import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type HubOptions, InputError, repositoryFile, resolveRepository } from '@saeval/hub'
import { filesOfModel } from '@saeval/lm-backend-onnx'
import { findSae, openSae } from '@saeval/sae-core'
import { featuresFileName, featuresFileOf } from '@saeval/steering/internal/edits/features-file'

/** Files for a page: the paths that the page knows them by, and where they are. */
export type PageFiles = Readonly<Record<string, string>>

/** What a page is to hold. */
export interface PageContent {
  readonly model: string
  /** Of the model's repository. */
  readonly revision?: string
  readonly saes: readonly { readonly release: string; readonly id: string }[]
  /** Bytes of the model in float32 at most: `largestInFolder` by default, `largestModel` where a server gives the page. */
  readonly largest?: number
  /** Where HF_* variables are read from; process.env by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Bytes of a model in float32 up to which a page of a server may hold it, with WebGPU: there its graphs share one copy. In WebAssembly each has its own, and a page
 * takes a quarter of it (lm-backend-onnx, load-in-browser.ts).
 */
export const largestModel = 2 ** 30
/** The same of a page of `writePage`, which computes in WebAssembly alone. */
export const largestInFolder = 2 ** 28
/** Bytes of the SAEs' files together. */
export const largestSaes = 2 ** 29

/**
 * The files of a model and of SAEs, from folders and the local cache; nothing is downloaded. Throws InputError where the page could not hold them, a file is not
 * here, or the model or an SAE is none that can be opened.
 */
export async function pageFiles({
  model,
  revision,
  saes,
  largest = largestInFolder,
  env = process.env,
}: PageContent): Promise<PageFiles> {
  const hub = { env: { ...env, HF_HUB_OFFLINE: '1' } }
  const { paths, numParameters } = await here(filesOfModel(model, revision, hub))
  const bytes = 4 * numParameters
  if (bytes > largest)
    throw new InputError(
      `${model} takes ${megabytes(bytes)} in float32, and such a page holds models of up to ${megabytes(largest)}`,
    )
  const files: Record<string, string> = {}
  for (const [name, path] of paths) files[`${model}/${name}`] = path
  let saeBytes = 0
  for (const { release, id } of saes)
    for (const [name, path] of await here(saeFiles(release, id, hub))) {
      if (files[name] === undefined) saeBytes += (await stat(path)).size
      files[name] = path
    }
  if (saeBytes > largestSaes)
    throw new InputError(
      `the SAEs take ${megabytes(saeBytes)}, and a page holds SAEs of up to ${megabytes(largestSaes)}`,
    )
  return files
}

/** Files of an SAE, and the features file beside it. */
async function saeFiles(release: string, id: string, hub: HubOptions): Promise<[name: string, path: string][]> {
  const reference = findSae(release, id)
  const { place, overrides } = reference
  const sae = await openSae(reference, hub)
  try {
    const paths = (await sae.files()).map(({ path }) => path)
    if ('folder' in place) {
      const all = featuresFileOf(reference) === null ? paths : [...paths, join(reference.path, featuresFileName)]
      return all.map((path) => [`${place.folder}/${path}`, join(place.folder, path)])
    }
    const revision = typeof overrides.revision === 'string' ? { revision: overrides.revision } : {}
    const repository = await resolveRepository({ type: 'model', name: place.repository, ...revision, ...hub })
    const found = paths.map(async (path): Promise<[string, string]> => {
      return [`${place.repository}/${path}`, await repositoryFile(repository, path, hub)]
    })
    return await Promise.all(found)
  } finally {
    await sae.close()
  }
}

/** What the cache lacks is said as what it is here. */
async function here<Value>(found: Promise<Value>): Promise<Value> {
  return found.catch((cause: unknown) => {
    const lacks = InputError.isInstance(cause) && /^(.*) is not in the cache/.exec(cause.message)
    if (!lacks) throw cause
    throw new InputError(`${lacks[1]} is not on this machine whole, and the page downloads nothing`, { cause })
  })
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}
