import { type HubOptions, InputError } from '@saeval/hub'
import type { SaeReference } from '../registry/find-sae.js'
import type { SaeConfig } from '../sae-config.js'
import { loadGemmaScope } from './gemma-scope.js'
import type { LoadedSae, Loader } from './loader.js'
import { loadSaeLens } from './sae-lens.js'
import { openPlace, type SaeFileIdentity } from './sae-place.js'
import { readAll, readColumns, readNumber, readRow, type TensorFile } from './tensor-file.js'

/** SAELens' loader name -> the function that reads the format. A new format is one file and one line here. */
const loaders: Readonly<Record<string, Loader>> = {
  gemma_2: loadGemmaScope,
  sae_lens: loadSaeLens,
}

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
export interface AttentionTensors {
  readonly query: LinearTensors
  readonly key: LinearTensors
  readonly value: LinearTensors
  readonly output: LinearTensors
}

export interface LinearTensors {
  readonly weight: Float32Array
  readonly bias: Float32Array | null
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
  readonly config: SaeConfig
  /** Row `latent` of W_dec [d_out], reading only its bytes. Throws InputError for a latent the SAE does not have. */
  decoderRow(latent: number): Promise<Float32Array>
  /** Columns of W_enc [d_in] each; a remote file is downloaded for this. */
  encoderColumns(latents: readonly number[]): Promise<Float32Array[]>
  /** Throws InputError for a latent the SAE does not have. */
  latentParameters(latent: number): Promise<LatentParameters>
  /** b_dec [d_out] */
  decoderBias(): Promise<Float32Array>
  /** Everything, for encode and decode. */
  load(): Promise<SaeTensors>
  /** The files read so far. */
  files(): Promise<SaeFileIdentity[]>
  close(): Promise<void>
}

/**
 * Opens an SAE: reads its configuration and the header of its weights. Throws InputError for formats that cannot be read yet, and for
 * files whose tensors do not fit each other.
 */
export async function openSae(reference: SaeReference, hub: HubOptions = {}): Promise<SaeFile> {
  const load = loaders[reference.loader]
  if (!load) {
    throw new InputError(
      `release "${reference.release}" is in the format "${reference.loader}", which is not supported yet; supported: ${Object.keys(loaders).join(', ')}`,
    )
  }
  const place = await openPlace(reference, hub)
  try {
    const loaded = await load(reference, place, hub)
    checkSizes(loaded, await loaded.weights.parts())
    return saeFile(reference, loaded, place)
  } catch (error) {
    await place.close()
    throw error
  }
}

function saeFile(
  reference: SaeReference,
  { config, weights, names, factors }: LoadedSae,
  place: Awaited<ReturnType<typeof openPlace>>,
): SaeFile {
  const tensor = (file: TensorFile, name: string) => file.tensors.get(name)!
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
  return {
    reference,
    config,
    decoderRow: (latent) =>
      remembered(rows, latent, async () =>
        scaled(await readRow(tensor(await weights.parts(), names.wDec), check(latent)), factors.wDec),
      ),
    encoderColumns: async (latents) => {
      const unread = latents.filter((latent) => !columns.has(check(latent)))
      if (unread.length > 0) {
        const read = await readColumns(tensor(await weights.whole(), names.wEnc), unread)
        for (const [index, latent] of unread.entries()) columns.set(latent, scaled(read[index]!, factors.wEnc))
      }
      return latents.map((latent) => columns.get(latent)!)
    },
    latentParameters: (latent) =>
      remembered(parameters, latent, async () => {
        const file = await weights.parts()
        const bias = await readNumber(tensor(file, names.bEnc), check(latent))
        const threshold = names.threshold === null ? 0 : await readNumber(tensor(file, names.threshold), latent)
        return { bias, threshold, gate: null }
      }),
    decoderBias: async () => scaled(await readAll(tensor(await weights.parts(), names.bDec)), factors.bDec),
    load: async () => {
      const file = await weights.whole()
      const all = (name: string) => readAll(tensor(file, name))
      return {
        wEnc: scaled(await all(names.wEnc), factors.wEnc),
        wDec: scaled(await all(names.wDec), factors.wDec),
        bEnc: await all(names.bEnc),
        bDec: scaled(await all(names.bDec), factors.bDec),
        threshold: names.threshold === null ? null : await all(names.threshold),
        gate: null,
        wSkip: null,
        attention: [],
      }
    },
    files: () => place.identities(),
    close: () => place.close(),
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

function scaled(values: Float32Array, factor: number): Float32Array {
  return factor === 1 ? values : values.map((value) => value * factor)
}

function checkSizes({ config: { dIn, dSae }, names }: LoadedSae, file: TensorFile): void {
  const expected = [
    [names.wEnc, [dIn, dSae]],
    [names.wDec, [dSae, dIn]],
    [names.bEnc, [dSae]],
    [names.bDec, [dIn]],
    ...(names.threshold === null ? [] : [[names.threshold, [dSae]] as const]),
  ] as const
  for (const [name, shape] of expected) {
    const found = file.tensors.get(name)?.shape ?? []
    if (found.join() !== shape.join())
      throw new InputError(`${name} of ${file.name} has shape [${found}], expected [${shape}]`)
  }
}
