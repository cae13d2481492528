import { didYouMean, InputError } from '@saeval/hub'
import { cut, shown } from '@saeval/hub/checks'
import { exists, join } from '@saeval/hub/internal/disk'
import { circuitTracerPlace } from './circuit-tracer-place.js'
import { crosscoderConfigs, crosscoderPlaces } from './crosscoder-place.js'
import { ownFormatNames } from './own-format-names.js'
import { releases } from './registry.js'

/** Where one SAE lies and how to read it. */
export interface SaeReference {
  /** As the user wrote it. */
  readonly release: string
  readonly id: string
  /** A Hugging Face repository or a local folder. */
  readonly place: { readonly repository: string } | { readonly folder: string }
  /** Folder or file inside that place; "" for its root. */
  readonly path: string
  readonly loader: string
  /** Model named by the registry; null for SAEs outside it, whose own configuration says it. */
  readonly model: string | null
  readonly overrides: Readonly<Record<string, unknown>>
  readonly normScalingFactor: number | null
}

/** Why a name leads nowhere; a fact for callers that collect problems. */
export interface SaeNameProblem {
  readonly kind: 'unknown_release' | 'unknown_sae_id'
  readonly message: string
}

/**
 * Finds an SAE by release and id. A release that SAELens does not list is taken for a local folder or a Hugging Face repository
 * ("organisation/name") in SAELens' native format or sparsify's, the id being the folder inside. Throws InputError with the nearest names otherwise.
 */
export function findSae(release: string, id: string): SaeReference {
  const problem = checkSaeName(release, id)
  if (problem !== null) throw new InputError(problem.message)
  const listed = releases().get(release)
  const sae = listed?.saes.find((candidate) => candidate.id === id)
  if (listed && sae) {
    const { repository, loader, model, overrides } = listed
    return {
      release,
      id,
      place: { repository },
      path: sae.path,
      loader,
      model,
      overrides,
      normScalingFactor: sae.normScalingFactor,
    }
  }
  const place = exists(release) ? { folder: release } : { repository: release }
  return {
    release,
    id,
    place,
    path: id === '.' ? '' : id,
    loader: 'folder',
    model: null,
    overrides: {},
    normScalingFactor: null,
  }
}

/** Whether SAELens' registry has a release of this name. */
export function isListedRelease(release: string): boolean {
  return releases().has(release)
}

// organisation/name
const repositoryName = /^[\w.-]{1,200}\/[\w.-]{1,200}$/

/** Configurations by which a folder may hold an SAE of an id. */
function configsOf(id: string): string[] {
  const layer = circuitTracerPlace(id)
  const ofFile = /(^|\/)params_layer_\d+(\.safetensors)?$/.test(id) ? [join(id, '..', 'config.json')] : []
  return [
    join(id === '.' ? '' : id, 'cfg.json'),
    ...(layer === null ? [] : [join(layer.folder, 'config.yaml')]),
    ...ofFile,
    ...crosscoderPlaces(id).flatMap(({ path }) => crosscoderConfigs(path)),
  ]
}

/**
 * Whether release and id name an SAE, without opening it: null, or what is wrong. Without `hints` no near names are looked for, which takes
 * milliseconds for each unknown one.
 */
export function checkSaeName(release: string, id: string, hints = true): SaeNameProblem | null {
  const near = (name: string, names: Iterable<string>) => (hints ? didYouMean(name, names) : '')
  const listed = releases().get(release)
  if (listed) {
    const { saes } = listed
    if (saes.some((sae) => sae.id === id)) return null
    const hint =
      near(
        id,
        saes.map((sae) => sae.id),
      ) || `, for example "${saes[0]!.id}"`
    return {
      kind: 'unknown_sae_id',
      message: `release "${release}" has ${saes.length} SAEs, none of them ${shown(id)}${hint}`,
    }
  }
  if (exists(release)) {
    if (configsOf(id).some((path) => exists(join(release, path)))) return null
    // only its loader knows the files of a format of one's own
    if (ownFormatNames.size > 0 && exists(join(release, id))) return null
    const message = `folder ${release} has no ${cut(id)}/cfg.json, so it holds no SAE of that id`
    return { kind: 'unknown_sae_id', message }
  }
  if (repositoryName.test(release)) return null
  return {
    kind: 'unknown_release',
    message: `SAELens has no release ${shown(release)}${near(release, releases().keys())}`,
  }
}
