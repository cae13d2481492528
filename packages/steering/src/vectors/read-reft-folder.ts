import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { checked, index, jsonObject, objectOf, shown, text } from '@saeval/hub/checks'
import type { PickleValue } from '@saeval/sae-core/internal/torch/pickle'
import { openTorchFile } from '@saeval/sae-core/internal/torch/torch-file'
import { TorchTensor } from '@saeval/sae-core/internal/torch/torch-world'
import * as v from 'valibot'
import { located } from '../edits/place-in-file.js'
import { readSteeringBytes } from '../edits/read-steering-file.js'
import { loreftOf } from './easysteer-payload.js'
import { layerModule } from './layer-place.js'
import { finite, type Numbers, oneVector } from './one-vector.js'
import { addition, type SteeredEntry, type SteeredFile } from './steered-entry.js'

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
 * Reads a folder that pyreft's ReftModel.save wrote (github.com/stanfordnlp/pyreft): LoReFT interventions, h + R^T (W h + b - R h), at outputs of layers,
 * MLPs or attention. At which tokens they act is not in the folder. Throws InputError for other interventions, and for two at one place.
 */
export async function readReftFolder(path: string): Promise<SteeredFile> {
  const name = configNames.find((candidate) => existsSync(join(path, candidate)))
  if (name === undefined)
    throw new InputError(`${path} is no folder of pyreft: it has no ${configNames.join(' and no ')}`)
  const configPath = join(path, name)
  const configBytes = await readSteeringBytes('steer_path', configPath)
  const config = checked(configPath, configSchema, jsonObject(configPath, Buffer.from(configBytes).toString('utf8')))
  const { representations, intervention_types: types, sorted_keys: keys, mode } = config
  if (representations.length === 0 || types.length !== representations.length || keys.length !== representations.length)
    throw new InputError(
      `${configPath} has ${representations.length} representations, ${types.length} intervention_types and ${keys.length} sorted_keys; expected as many of each, and one or more`,
    )
  if (mode !== 'parallel') throw new InputError(`${configPath}: mode is ${shown(mode)}, expected "parallel"`)
  const hash = createHash('sha256').update(configBytes)
  const entries: SteeredEntry[] = []
  for (const [number, given] of representations.entries()) {
    const kind = /\.(\w+)'>$/.exec(types[number]!)?.[1] ?? types[number]!
    if (kind !== 'LoreftIntervention')
      throw new InputError(
        `${configPath}: intervention_types[${number}] is ${shown(kind)}; LoreftIntervention can be read`,
      )
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
    hash.update(await readSteeringBytes('steer_path', file))
    entries.push(await entryOf(file, hookpoint))
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

async function entryOf(path: string, hookpoint: string): Promise<SteeredEntry> {
  const place = { path }
  const wrong = (message: string) => located(place, null, message)
  const file = await openTorchFile(path)
  try {
    if (!(file.value instanceof Map)) throw wrong('it is not a state dict')
    const state = file.value as Map<PickleValue, PickleValue>
    const names = ['rotate_layer', 'weight', 'bias']
    const other = [...state.keys()].find((key) => !names.includes(key as string))
    if (other !== undefined)
      throw wrong(`it holds ${shown(typeof other === 'string' ? other : null)}; a LoReFT has ${names.join(', ')}`)
    const tensors: Numbers[] = []
    for (const name of names) {
      const tensor = state.get(name)
      if (!(tensor instanceof TorchTensor)) throw wrong(`it has no tensor ${name}`)
      tensors.push({ shape: tensor.shape, values: finite(name, await file.numbers(tensor, name), wrong) })
    }
    const [rotate, weight, bias] = tensors as [Numbers, Numbers, Numbers]
    const change = loreftOf(rotate, weight, oneVector('bias', bias, wrong), 1, wrong)
    const record = { hookpoint, action: 'loreft', steering_coefficient: 1 }
    return { ...addition(place, hookpoint, new Float32Array()), change, origin: 'the LoReFT', record }
  } finally {
    await file.close()
  }
}
