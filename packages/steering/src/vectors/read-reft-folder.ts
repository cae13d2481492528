import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { checked, index, jsonObject, objectOf, shown, text, truth } from '@saeval/hub/checks'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import * as v from 'valibot'
import { located } from '../edits/place-in-file.js'
import { readSteeringBytes } from '../edits/read-steering-file.js'
import { layerModule } from './layer-place.js'
import { fromOtherText, reftKinds, refusedReftKinds } from './reft-interventions.js'
import { readReftState } from './reft-state.js'
import { addition, type SteeredEntry, type SteeredFile } from './steered-entry.js'

// no activation is as wide
const mostNumbers = 2 ** 20

/** pyvene's RepresentationConfig, whose values also stand in a list in this order. */
const representationFields = [
  'layer',
  'component',
  'unit',
  'max_number_of_units',
  'low_rank_dimension',
  'intervention_type',
  'intervention',
  'subspace_partition',
] as const

const representationSchema = objectOf({
  layer: v.nullish(index, null),
  component: text,
  unit: text,
  max_number_of_units: index,
  subspace_partition: v.nullish(v.unknown()),
})

const configSchema = objectOf({
  representations: v.array(v.unknown(), 'a list'),
  intervention_types: v.array(text, 'a list of texts'),
  sorted_keys: v.array(text, 'a list of texts'),
  mode: v.nullish(text, 'parallel'),
  intervention_constant_sources: v.nullish(v.array(truth, 'a list of true and false'), []),
  intervention_dimensions: v.nullish(v.array(v.nullable(index), 'a list of sizes'), []),
})

/** pyvene's components -> modules of a layer. */
const components: Readonly<Record<string, string>> = {
  block_output: '',
  mlp_output: '.mlp',
  attention_output: '.self_attn',
}

/** The names of the configuration in folders of pyreft and of EasySteer's copy of it. */
const configNames = ['config.json', 'reft_config.json']

/** Whether a folder has the configuration of a ReFT. */
export function isReftFolder(path: string): boolean {
  return configNames.some((name) => existsSync(join(path, name)))
}

/**
 * Reads a folder that pyreft's ReftModel.save wrote (github.com/stanfordnlp/pyreft): interventions of `reftKinds` at outputs of layers, MLPs or attention.
 * At which tokens they act is not in the folder. Throws InputError for other interventions, and for two at one place.
 */
export async function readReftFolder(path: string): Promise<SteeredFile> {
  const name = configNames.find((candidate) => existsSync(join(path, candidate)))
  if (name === undefined)
    throw new InputError(`${path} is no folder of pyreft: it has no ${configNames.join(' and no ')}`)
  const configPath = join(path, name)
  const configBytes = await readSteeringBytes('steer_path', configPath)
  const config = checked(configPath, configSchema, jsonObject(configPath, Buffer.from(configBytes).toString('utf8')))
  const { representations, intervention_types: types, sorted_keys: keys, mode } = config
  const { intervention_constant_sources: constants, intervention_dimensions: dimensions } = config
  if (representations.length === 0 || types.length !== representations.length || keys.length !== representations.length)
    throw new InputError(
      `${configPath} has ${representations.length} representations, ${types.length} intervention_types and ${keys.length} sorted_keys; expected as many of each, and one or more`,
    )
  if (mode !== 'parallel') throw new InputError(`${configPath}: mode is ${shown(mode)}, expected "parallel"`)
  const again = keys.find((key, at) => keys.indexOf(key) !== at)
  if (again !== undefined) throw new InputError(`${configPath}: sorted_keys names ${shown(again)} twice`)
  const hash = createHash('sha256').update(configBytes)
  const entries: SteeredEntry[] = []
  for (const [number, given] of representations.entries()) {
    const kind = /\.(\w+)'>$/.exec(types[number]!)?.[1] ?? types[number]!
    const at = `${configPath}: intervention_types[${number}]`
    requireReadable(at, kind, constants[number] ?? false)
    const hookpoint = moduleOf(`${configPath}: representations[${number}]`, given)
    // weights that first and last tokens do not share; which tokens those are is not in the folder
    if (entries.some((entry) => entry.hookpoint === hookpoint))
      throw new InputError(
        `${configPath} has two interventions at ${hookpoint}, which pyreft applies at different tokens; train with shared weights (share_weights)`,
      )
    const file = join(path, `intkey_${keys[number]}.bin`)
    if (/[\\/]/.test(keys[number]!))
      throw new InputError(
        `${configPath}: sorted_keys[${number}] is ${shown(keys[number])}, which is no part of a file name`,
      )
    const dimension = dimensions[number] ?? null
    if (kind !== zeros) hash.update(await readSteeringBytes('steer_path', file))
    const change = kind === zeros ? zerosOf(at, dimension) : await changeOf(file, kind, dimension)
    const name = kind === zeros ? 'zeros' : reftKinds[kind]!.name
    entries.push({
      ...addition({ path: kind === zeros ? configPath : file }, hookpoint, new Float32Array()),
      change,
      origin: `the ${name}`,
      record: { hookpoint, action: change.action, steering_coefficient: change.coefficient, intervention: kind },
    })
  }
  return {
    path,
    sha256: hash.digest('hex'),
    entries,
    ignored: [],
    notices: [
      `${path}: a folder of pyreft does not say at which tokens it acts; without positions in the model's arguments it is every token (trained at the end of prompts: positions=last_prompt)`,
    ],
    modelType: null,
  }
}

/** The module whose output is changed. */
function moduleOf(place: string, given: unknown): string {
  const fields = Array.isArray(given)
    ? Object.fromEntries(representationFields.map((field, at) => [field, given[at]]))
    : given
  const {
    layer,
    component,
    unit,
    max_number_of_units: units,
    subspace_partition: part,
  } = checked(place, representationSchema, fields)
  const refuse = (what: string) => new InputError(`${place}: ${what}`)
  if (unit !== 'pos') throw refuse(`unit is ${shown(unit)}, expected "pos"`)
  if (units !== 1) throw refuse(`max_number_of_units is ${units}: it reads several tokens at once, which saeval cannot`)
  if (part != null) throw refuse('it has a subspace_partition, which saeval cannot')
  if (Object.hasOwn(components, component) && layer !== null) return `${layerModule(layer)}${components[component]}`
  const found = /(?:^|\.)(?:layers|h)\[(\d{1,6})\](?:\.(mlp|self_attn))?\.output$/.exec(component)
  if (found === null)
    throw refuse(
      `component is ${shown(component)}, expected ${Object.keys(components).join(', ')} or one such as "model.layers[8].output"`,
    )
  return `${layerModule(Number(found[1]))}${found[2] === undefined ? '' : `.${found[2]}`}`
}

/** The one kind that has nothing to save. */
const zeros = 'ZeroIntervention'

/** Throws InputError for an intervention that cannot be read, with the reason. */
function requireReadable(at: string, kind: string, isConstant: boolean): void {
  if (kind === zeros) return
  const found = Object.hasOwn(reftKinds, kind) ? reftKinds[kind]! : null
  if (found !== null && (isConstant || !found.takesSource)) return
  const why =
    found !== null
      ? fromOtherText
      : Object.hasOwn(refusedReftKinds, kind)
        ? refusedReftKinds[kind]
        : `cannot be read; ${[...Object.keys(reftKinds), zeros].join(', ')} can`
  throw new InputError(`${at} is ${shown(kind)}, which ${why}`)
}

function zerosOf(at: string, dimension: number | null): VectorChange {
  if (dimension === null || dimension > mostNumbers)
    throw new InputError(`${at} is ${zeros}, and intervention_dimensions says ${dimension}, expected how many numbers`)
  return { action: 'replace', vector: new Float32Array(dimension), coefficient: 1 }
}

/** The change of one intervention. Throws InputError where it changes only some of the numbers. */
async function changeOf(path: string, kind: string, dimension: number | null): Promise<VectorChange> {
  const wrong = (message: string) => located({ path }, null, message)
  const change = await readReftState(path, kind, (state) => reftKinds[kind]!.read(state, wrong))
  const size = 'vector' in change ? change.vector.length : null
  if (size !== null && dimension !== null && dimension < size)
    throw wrong(`it changes only the first ${dimension} of ${size} numbers, which saeval cannot`)
  return change
}
