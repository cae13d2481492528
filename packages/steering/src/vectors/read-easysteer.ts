import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { InputError } from '@saeval/hub'
import { checked, index, isObject, number, objectOf, oneOf, refuseUnknownNames, text, truth } from '@saeval/hub/checks'
import type { PositionSelection } from '@saeval/sae-core'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import * as v from 'valibot'
import { located, type RowPlace } from '../edits/place-in-file.js'
import { readApplyClause } from './apply-clause.js'
import { type Algorithm, algorithms, changesOf, conceptReplaced, directed, type Payload } from './easysteer-payload.js'
import { layerModule, residualLayer } from './layer-place.js'
import { readGgufVectors } from './read-gguf-vectors.js'
import { readReftFolder } from './read-reft-folder.js'
import { addition, type SteeredEntry, type SteeredFile } from './steered-entry.js'

const vectorFields = {
  source: v.nullish(text, null),
  data: v.nullish(v.unknown()),
  algorithm: v.optional(oneOf([...algorithms, 'moe_router']), 'direct'),
  scale: v.optional(number, 1),
  layers: v.nullish(
    v.pipe(
      v.array(index, 'a list of layers'),
      v.check((layers) => layers.length > 0, 'a list that is not empty, or null'),
      v.check((layers) => new Set(layers).size === layers.length, 'a list that names each layer once'),
    ),
    null,
  ),
  normalize: v.optional(truth, false),
  apply: v.unknown(),
  params: v.optional(v.record(v.string(), v.unknown()), {}),
  name: v.nullish(text, null),
}
const vectorSchema = objectOf(vectorFields)
const specFields = {
  vectors: v.array(v.unknown(), 'a list of vectors'),
  conflict: v.optional(oneOf(['priority', 'sequential', 'error']), 'priority'),
  debug: v.optional(truth, false),
}

/** Whether the content of a JSON file is a SteeringSpec of EasySteer. */
export function isEasySteerFile(value: unknown): boolean {
  if (!isObject(value) || !Array.isArray(value.vectors)) return false
  return value.vectors.some(
    (vector) => isObject(vector) && ('apply' in vector || 'algorithm' in vector || 'data' in vector),
  )
}

/** Algorithms to which normalize means nothing in EasySteer itself. */
const keepsNoNorm: readonly Algorithm[] = ['linear', 'loreft', 'lm_steer']

/** A vector of the file with its clause. */
interface ReadVector {
  readonly at: string
  readonly entries: readonly SteeredEntry[]
  readonly positions: PositionSelection | null
}

/**
 * Reads a SteeringSpec of EasySteer (github.com/ZJU-REAL/EasySteer, docs/user-guide/steering.md): all of its algorithms but moe_router, at the outputs of layers counted from 0, each at the tokens of its clause. Where clauses meet at a layer, `conflict` decides.
 */
export async function readEasySteer(path: string, bytes: Uint8Array, content: unknown): Promise<SteeredFile> {
  const spec = checked(path, objectOf(specFields), content)
  refuseUnknownNames(`${path}: a SteeringSpec has no field`, content as object, Object.keys(specFields))
  if (spec.vectors.length === 0) throw new InputError(`${path} has no vectors`)
  const vectors: ReadVector[] = []
  const notices: string[] = []
  for (const [number, given] of spec.vectors.entries()) vectors.push(await readVector(path, number, given, notices))
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    entries: resolved(path, vectors, spec.conflict),
    ignored: [],
    notices,
    modelType: null,
  }
}

async function readVector(path: string, number: number, given: unknown, notices: string[]): Promise<ReadVector> {
  const at = `vectors[${number}]`
  const place = { path, entry: at }
  const wrong = (message: string) => located(place, null, message)
  const read = checked(path, vectorSchema, given, at)
  refuseUnknownNames(`${path}: ${at} has no field`, given as object, Object.keys(vectorFields))
  const { algorithm, scale, layers, normalize } = read
  if (algorithm === 'moe_router')
    throw wrong('moe_router changes which experts a router chooses, not an activation; saeval cannot')
  if (normalize && keepsNoNorm.includes(algorithm)) throw wrong(`normalize has no effect on ${algorithm}; leave it out`)
  if (scale !== 1 && algorithm === 'concept_replace')
    throw wrong('scale has no effect on concept_replace; leave it out')
  refuseUnknownNames(`${path}: ${at}: ${algorithm} has no param`, read.params, [])
  const positions = readApplyClause(`${path}: ${at}.apply`, read.apply)
  const payloads = await payloadsOf(path, place, { ...read, algorithm }, notices)
  if (payloads.length === 0) throw wrong('it holds no vector of any layer')
  const twice = payloads.find(({ layer }, at) => payloads.findIndex((other) => other.layer === layer) !== at)
  if (twice !== undefined) throw wrong(`it holds layer ${twice.layer} twice`)
  const missing = layers?.find((layer) => !payloads.some((payload) => payload.layer === layer))
  if (missing !== undefined) throw wrong(`layers names ${missing}, for which it has no vector`)
  const wanted = payloads.filter(({ layer }) => layers === null || layers.includes(layer))
  const entries = wanted.map(({ layer, change }): SteeredEntry => {
    const hookpoint = layerModule(layer)
    const name = read.name ?? `${algorithm} ${at}`
    return {
      ...addition({ path, entry: `${at}, layer ${layer}` }, hookpoint, new Float32Array()),
      change,
      keepsNorm: normalize,
      origin: name,
      record: { hookpoint, action: algorithm, steering_coefficient: scale, normalize },
    }
  })
  return { at, entries, positions }
}

async function payloadsOf(
  path: string,
  place: RowPlace,
  read: v.InferOutput<typeof vectorSchema> & { readonly algorithm: Algorithm },
  notices: string[],
): Promise<readonly Payload[]> {
  const { source, data, algorithm, scale, layers } = read
  const wrong = (message: string) => located(place, null, message)
  const isGiven = data !== undefined && data !== null
  if ((source !== null) === isGiven) throw wrong('it needs either source, a path, or data')
  if (isGiven) return changesOf(data, { algorithm, scale, layers }, wrong)
  const file = isAbsolute(source!) ? source! : join(dirname(path), source!)
  if (algorithm === 'linear' || algorithm === 'lm_steer')
    throw wrong(`${algorithm} takes its matrices as data, not from a source`)
  if (algorithm === 'concept_replace') return conceptFolder(file, notices, wrong)
  const { entries, notices: more } = algorithm === 'loreft' ? await readReftFolder(file) : await readGgufVectors(file)
  notices.push(...more)
  return entries.flatMap(({ hookpoint, change, place: own }) => {
    const layer = residualLayer(hookpoint)
    if (layer === null) throw wrong(`${own.path} acts at ${hookpoint}; EasySteer steers outputs of layers`)
    return [{ layer, change: rescaled(change, algorithm, scale, wrong) }]
  })
}

/** A change of a file of another format as the algorithm makes it. */
function rescaled(
  change: VectorChange,
  algorithm: 'direct' | 'erase' | 'replace' | 'loreft',
  scale: number,
  wrong: (message: string) => InputError,
): VectorChange {
  if (algorithm === 'loreft') {
    if (change.action === 'loreft') return { ...change, coefficient: scale }
    throw wrong(`it holds ${change.action}, not a LoReFT`)
  }
  if (change.action !== 'add') throw wrong(`it holds ${change.action}, not a direction`)
  return directed(algorithm, change.vector, scale)
}

/** The substitutions of a folder with the directions h1 and h2, each in a GGUF file of that name or with _h1 and _h2 in its own. */
async function conceptFolder(
  folder: string,
  notices: string[],
  wrong: (message: string) => InputError,
): Promise<readonly Payload[]> {
  const names = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : []
  const [from, to] = await Promise.all(
    (['h1', 'h2'] as const).map(async (side) => {
      const found = names.filter((name) => {
        const lower = name.toLowerCase()
        return lower === `${side}.gguf` || (lower.endsWith('.gguf') && lower.includes(`_${side}`))
      })
      if (found.length !== 1)
        throw wrong(`${folder} has ${found.length} files of ${side}, expected a folder with one ${side}.gguf`)
      const file = await readGgufVectors(join(folder, found[0]!))
      notices.push(...file.notices)
      return new Map(file.entries.map((entry) => [residualLayer(entry.hookpoint)!, entry.change]))
    }),
  )
  const vectorOf = (side: ReadonlyMap<number, VectorChange>, name: string, layer: number) => {
    const change = side.get(layer)
    if (change?.action === 'add') return change.vector
    throw wrong(`${folder} has no ${name} of layer ${layer}`)
  }
  const layers = [...new Set([...from!.keys(), ...to!.keys()])].sort((a, b) => a - b)
  return layers.map((layer) => ({
    layer,
    change: conceptReplaced(vectorOf(from!, 'h1', layer), vectorOf(to!, 'h2', layer), wrong),
  }))
}

/** The entries with where they act: where several claim a token of a layer, by the policy. */
function resolved(
  path: string,
  vectors: readonly ReadVector[],
  conflict: 'priority' | 'sequential' | 'error',
): SteeredEntry[] {
  return vectors.flatMap(({ at, entries, positions }, number) =>
    entries.map((entry) => {
      const earlier = vectors
        .slice(0, number)
        .filter((other) => other.entries.some(({ hookpoint }) => hookpoint === entry.hookpoint))
      if (conflict === 'sequential' || earlier.length === 0) return { ...entry, positions }
      const meeting = earlier.find((other) => mayMeet(other.positions, positions))
      if (meeting === undefined) return { ...entry, positions }
      if (conflict === 'error')
        throw located(
          { path, entry: at },
          null,
          `it can act at the same tokens of ${entry.hookpoint} as ${meeting.at}, and conflict is "error"; say "sequential" or "priority", or give one the prompt and the other the generation`,
        )
      if (earlier.some((other) => other.positions === null))
        throw located(
          { path, entry: at },
          null,
          `it never acts at ${entry.hookpoint}: ${meeting.at} goes first at every token; say "conflict": "sequential"`,
        )
      const claimed = earlier.map((other) => ({ heldBy: other.positions! }))
      const own = positions ?? { include: ['all'], exclude: [] }
      return { ...entry, positions: { include: own.include, exclude: [...own.exclude, ...claimed] } }
    }),
  )
}

/** Whether two selections can hold one token: they do not where one is of the prompt and the other of the generation. */
function mayMeet(a: PositionSelection | null, b: PositionSelection | null): boolean {
  const phasesOf = (selection: PositionSelection | null) =>
    new Set(
      (selection?.include ?? ['prompt', 'generated']).map((term) =>
        term === 'generated' ||
        (typeof term === 'object' && ('steps' in term || ('of' in term && term.of === 'generated')))
          ? 'generated'
          : 'prompt',
      ),
    )
  const others = phasesOf(b)
  return [...phasesOf(a)].some((phase) => others.has(phase))
}
