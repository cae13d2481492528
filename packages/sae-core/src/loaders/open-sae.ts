import { type HubOptions, InputError } from '@saeval/hub'
import { join } from '@saeval/hub/internal/disk'
import { circuitTracerPlace } from '../registry/circuit-tracer-place.js'
import type { SaeReference } from '../registry/find-sae.js'
import type { SaeConfig } from '../sae-config.js'
import type { AttentionPart, LoadedSae, SaeArrays } from './loader.js'
import { loaderOf, saeFormats } from './own-formats.js'
import { chunksOf, type SaeArray } from './sae-array.js'
import { openPlace, type SaeFileIdentity, type SaePlace } from './sae-place.js'

/** The tensors of an SAE as SAELens holds them after loading, row-major float32. What an architecture does not have is null. */
export interface SaeTensors {
  /** [d_in, d_sae] */
  readonly wEnc: Float32Array
  /** [d_sae, d_out] */
  readonly wDec: Float32Array
  /** [d_sae]; null for gated, temporal and matching-pursuit SAEs */
  readonly bEnc: Float32Array | null
  /** [d_out] */
  readonly bDec: Float32Array
  /** jumprelu: [d_sae] */
  readonly threshold: Float32Array | null
  /** gated: [d_sae] each */
  readonly gate: {
    readonly bGate: Float32Array
    readonly bMag: Float32Array
    readonly rMag: Float32Array
  } | null
  /** Skip transcoders: [d_out, d_in] */
  readonly wSkip: Float32Array | null
  /** temporal: the attention layers in order; empty otherwise */
  readonly attention: readonly AttentionTensors[]
}

/** One attention layer of a temporal SAE; weights [out, in] as torch's Linear stores them. */
export type AttentionTensors = Readonly<Record<AttentionPart, LinearTensors>>

export interface LinearTensors {
  readonly weight: Float32Array
  readonly bias: Float32Array
}

/** The numbers of one latent besides its encoder column and decoder row. */
export interface LatentParameters {
  /** b_enc; b_mag of gated SAEs. */
  readonly bias: number
  /** JumpReLU's; 0 for others. */
  readonly threshold: number
  /** gated only: exp(r_mag) and b_gate */
  readonly gate: { readonly scale: number; readonly bias: number } | null
}

/** An SAE whose weights are read only where they are asked for. */
export interface SaeFile {
  readonly reference: SaeReference
  /** The same for every name of one SAE: by its files and by how they are read. */
  readonly key: string
  readonly config: SaeConfig
  /** The same latents with what they write into each later layer (cross-layer transcoders, crosscoders); empty of others. Closed with this one. */
  readonly laterLayers: readonly SaeFile[]
  /** Row `latent` of W_dec [d_out], reading only its bytes. Throws InputError for a latent the SAE does not have. */
  decoderRow(latent: number): Promise<Float32Array>
  /** Length of every latent's decoder row [d_sae]; of latents that write to several layers, of their rows one after the other. Reads all of W_dec. */
  rowLengths(): Promise<Float64Array>
  /** Columns of W_enc [d_in] each; a remote file is downloaded for this. Throws InputError for latents that read more (`config.readsBeyond`). */
  encoderColumns(latents: readonly number[]): Promise<Float32Array[]>
  /** Throws InputError for a latent the SAE does not have. */
  latentParameters(latent: number): Promise<LatentParameters>
  /** b_dec [d_out] */
  decoderBias(): Promise<Float32Array>
  /** Everything, for encode and decode. Throws InputError for latents that read more than `config.hookPoint`. */
  load(): Promise<SaeTensors>
  /** The files read so far. */
  files(): Promise<SaeFileIdentity[]>
  close(): Promise<void>
}

/**
 * Opens an SAE: reads its configuration and the headers of its weights. Throws InputError for files that are damaged or whose tensors
 * do not fit each other.
 */
export async function openSae(reference: SaeReference, hub: HubOptions = {}): Promise<SaeFile> {
  const place = await openPlace(reference, hub)
  try {
    const load = await loaderOf(reference.loader, place, reference.path)
    if (!load) {
      throw new InputError(
        `release "${reference.release}" is in the unknown format "${reference.loader}"; known: ${saeFormats().join(', ')}`,
      )
    }
    const loaded = await load(reference, place)
    checkShapes(reference, loaded)
    return saeFile(reference, loaded, place)
  } catch (error) {
    await place.close()
    throw error
  }
}

function saeFile(reference: SaeReference, loaded: LoadedSae, place: SaePlace): SaeFile {
  const { arrays, later = [] } = loaded
  const config = {
    ...loaded.config,
    severalFrom: later.length === 0 ? loaded.config.severalFrom : loaded.config.hookPointOut,
  }
  const readable = () => {
    if (config.readsBeyond !== null)
      throw new InputError(
        `the latents of ${reference.release} ${reference.id} read ${config.readsBeyond.what}, so they have no activations in a pass through one model; only what adds to them can be done`,
      )
  }
  const check = (latent: number) => {
    if (Number.isInteger(latent) && latent >= 0 && latent < config.dSae) return latent
    throw new InputError(
      `latent ${latent} is out of range: ${reference.release} ${reference.id} has latents 0 to ${config.dSae - 1}`,
    )
  }
  // a row is lowered more than once (with the others, and alone to see its effect), and columns are scattered over the whole file
  const rows = new Map<number, Float32Array>()
  const columns = new Map<number, Float32Array>()
  const parameters = new Map<number, LatentParameters>()
  const own: SaeFile = {
    reference,
    key: keyOf(reference, config, place),
    config,
    laterLayers: [],
    decoderRow: (latent) => remembered(rows, latent, async () => (await arrays.wDec.slices(0, [check(latent)]))[0]!),
    rowLengths: () => rowLengths([arrays.wDec, ...later.map(({ wDec }) => wDec)]),
    encoderColumns: async (latents) => {
      readable()
      const unread = latents.filter((latent) => !columns.has(check(latent)))
      const read = unread.length === 0 ? [] : await arrays.wEnc.slices(1, unread)
      for (const [index, latent] of unread.entries()) columns.set(latent, read[index]!)
      return latents.map((latent) => columns.get(latent)!)
    },
    latentParameters: (latent) => remembered(parameters, latent, () => latentParameters(arrays, check(latent))),
    decoderBias: () => arrays.bDec.all(),
    load: async () => {
      readable()
      return loadTensors(arrays)
    },
    files: () => place.identities(),
    close: () => place.close(),
  }
  const laterLayers = later.map(({ wDec, hookPointOut, inputScale = config.inputScale }): SaeFile => {
    const written = new Map<number, Float32Array>()
    return {
      ...own,
      config: { ...config, hookPointOut, inputScale },
      decoderRow: (latent) => remembered(written, latent, async () => (await wDec.slices(0, [check(latent)]))[0]!),
      load: async () => ({ ...(await own.load()), wDec: await wDec.all() }),
    }
  })
  return { ...own, laterLayers }
}

/** Names of a model, of modules and of files tell nothing about the numbers; of two SAEs in one file the path does. */
function keyOf({ path }: SaeReference, config: SaeConfig, place: SaePlace): string {
  const { modelName, hfHookPoint, hfHookPointOut, missingFactor, ...numbers } = config
  const named = join(place.root, path, '.')
  const layer = circuitTracerPlace(named)
  const name = layer === null ? named.replace(/\.safetensors$/, '') : join(layer.folder, String(layer.layer))
  const files = [name, ...place.weights().map((file) => join(place.root, file))]
  return JSON.stringify([files, missingFactor === null, numbers])
}

async function rowLengths(decoders: readonly SaeArray[]): Promise<Float64Array> {
  const [dSae = 0, dOut = 0] = decoders[0]!.shape
  const squares = new Float64Array(dSae)
  const add = (latent: number, row: Float32Array) => {
    for (const value of row) squares[latent]! += value * value
  }
  if (decoders.length === 1) {
    const all = await decoders[0]!.all()
    for (let latent = 0; latent < dSae; latent++) add(latent, all.subarray(latent * dOut, (latent + 1) * dOut))
  } else {
    // one pass over the file, in which the layers' rows lie together
    for (const some of chunksOf(dSae, decoders.length * dOut))
      for (const decoder of decoders)
        for (const [at, row] of (await decoder.slices(0, some)).entries()) add(some[at]!, row)
  }
  return squares.map(Math.sqrt)
}

async function latentParameters({ bEnc, threshold, gate }: SaeArrays, latent: number): Promise<LatentParameters> {
  const at = async (array: SaeArray | undefined) => (array ? (await array.slices(0, [latent]))[0]![0]! : 0)
  if (!gate) return { bias: await at(bEnc), threshold: await at(threshold), gate: null }
  return {
    bias: await at(gate.bMag),
    threshold: 0,
    gate: { scale: Math.exp(await at(gate.rMag)), bias: await at(gate.bGate) },
  }
}

async function loadTensors(arrays: SaeArrays): Promise<SaeTensors> {
  const { bEnc, threshold, gate, wSkip, attention = [] } = arrays
  const layers: AttentionTensors[] = []
  for (const layer of attention) {
    const linear = async (part: AttentionPart): Promise<LinearTensors> => {
      const { weight, bias } = layer[part]
      return { weight: await weight.all(), bias: await bias.all() }
    }
    layers.push({
      query: await linear('query'),
      key: await linear('key'),
      value: await linear('value'),
      output: await linear('output'),
    })
  }
  return {
    wEnc: await arrays.wEnc.all(),
    wDec: await arrays.wDec.all(),
    bEnc: bEnc ? await bEnc.all() : null,
    bDec: await arrays.bDec.all(),
    threshold: threshold ? await threshold.all() : null,
    gate: gate ? { bGate: await gate.bGate.all(), bMag: await gate.bMag.all(), rMag: await gate.rMag.all() } : null,
    wSkip: wSkip ? await wSkip.all() : null,
    attention: layers,
  }
}

async function remembered<Value>(
  known: Map<number, Value>,
  latent: number,
  read: () => Promise<Value>,
): Promise<Value> {
  const value = known.get(latent) ?? (await read())
  known.set(latent, value)
  return value
}

function checkShapes({ release, id }: SaeReference, { config, arrays, later = [] }: LoadedSae): void {
  const { dIn, dOut, dSae, temporal } = config
  const check = (name: string, array: SaeArray | undefined, ...shape: number[]) => {
    if (array && array.shape.join() !== shape.join())
      throw new InputError(`${name} of ${release} ${id} has shape [${array.shape}], expected [${shape}]`)
  }
  if (dIn < 1 || dOut < 1 || dSae < 1) throw new InputError(`${release} ${id} has a tensor without numbers`)
  check('W_enc', arrays.wEnc, dIn, dSae)
  for (const wDec of [arrays.wDec, ...later.map((layer) => layer.wDec)]) check('W_dec', wDec, dSae, dOut)
  check('b_enc', arrays.bEnc, dSae)
  check('b_dec', arrays.bDec, dOut)
  check('threshold', arrays.threshold, dSae)
  check('b_gate', arrays.gate?.bGate, dSae)
  check('b_mag', arrays.gate?.bMag, dSae)
  check('r_mag', arrays.gate?.rMag, dSae)
  check('W_skip', arrays.wSkip, dOut, dIn)
  for (const [index, layer] of (arrays.attention ?? []).entries()) {
    const sizes = {
      query: dSae / temporal!.bottleneckFactor,
      key: dSae / temporal!.bottleneckFactor,
      value: dSae,
      output: dSae,
    }
    for (const part of ['query', 'key', 'value', 'output'] as const) {
      check(`the ${part} weight of attention layer ${index}`, layer[part].weight, sizes[part], dSae)
      check(`the ${part} bias of attention layer ${index}`, layer[part].bias, sizes[part])
    }
  }
}
