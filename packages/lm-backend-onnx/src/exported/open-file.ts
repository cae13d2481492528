import { realpath, stat } from 'node:fs/promises'
import { dirname, posix, relative, sep } from 'node:path'
import { InputError, type ModelFiles, openLocalFile } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import { decodeModel, type FileModel, type FileTensor } from '../onnx/decode-model.js'
import type { ExternalData } from '../onnx/encode-model.js'
import { numberAttribute } from '../onnx/read-attribute.js'
import type { ModelConfig } from '../spec/read-config.js'
import { commonFolder } from '../weights/checkpoint.js'
import type { ExportedFile } from './exported-file.js'
import { fileInterface } from './file-interface.js'
import { fileShape } from './file-shape.js'
import { prepareGraph } from './prepared-file.js'
import { subgraphsOf } from './value-graph.js'

/** An ONNX file as a model, and what it is made of. */
export interface OpenedFile {
  readonly exported: ExportedFile
  /** A real folder above all of its files. */
  readonly folder: string
  /** Its files: the graph and those with weights. */
  readonly paths: readonly string[]
  readonly facts: FileFacts
}

/** What results say of a file. */
export interface FileFacts {
  /** Path in the model's folder or repository. */
  readonly file: string
  readonly producer: string
  readonly opset: number
  /** Numbers of its constants; two of 4 bits in a byte. */
  readonly numParameters: number
  readonly weightBytes: number
  /** Bits of the matrices of MatMulNBits; null for none. */
  readonly bits: number | null
  /** Whether it computes in float16. */
  readonly isHalf: boolean
}

/** Bytes of a number by TensorProto.DataType. */
const sizes: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2, 17: 1, 18: 1, 19: 1, 20: 1 },
  ...{ 21: 0.5, 22: 0.5 },
}
const float16 = 10

/** Operators by which the numbers of one text hang on those beside it: the scale of what they round is the whole batch's. */
const wholeBatch = ['DynamicQuantizeLinear', 'com.microsoft.DynamicQuantizeMatMul', 'com.microsoft.DynamicQuantizeLSTM']

/** Opens an ONNX file of a model. Throws InputError for damaged files, and graphs that are no decoder. */
export async function openFile(files: ModelFiles, path: string, config: ModelConfig): Promise<OpenedFile> {
  const name = `${files.name}/${path}`
  const model = await readFile(await files.path(path))
  const all = allTensors(model)
  const foreign = model.nodes.find(({ op }) => wholeBatch.includes(op))
  if (foreign !== undefined)
    throw new InputError(
      `${name} rounds activations by what is in the whole batch (${foreign.op}), so that a text's scores hang on those beside it; take a file with float or 4-bit weights (model.onnx, model_fp16.onnx, model_q4.onnx)`,
    )
  const locations = new Map<string, string>([['', await realpath(await files.path(path))]])
  for (const { place } of all) {
    if (place === null || place === 'here' || locations.has(place.location)) continue
    locations.set(place.location, await realpath(await externalFile(files, path, place.location)))
  }
  const paths = [...locations.values()]
  const folder = paths.map((file) => dirname(file)).reduce(commonFolder)
  const bytes = new Map(await Promise.all(paths.map(async (file) => [file, (await stat(file)).size] as const)))
  const placeOf = (tensor: FileTensor): ExternalData & { readonly path: string } => {
    const { place } = tensor
    if (place === null) throw new Error(`${tensor.name} is not in a file`)
    const file = locations.get(place === 'here' ? '' : place.location)!
    const { offset, length } = place === 'here' ? tensor : place
    const location = relative(folder, file).split(sep).join('/')
    return { path: file, location, offset, length: length || bytes.get(file)! - offset }
  }
  for (const tensor of all) if (tensor.place !== null) checkBytes(name, tensor, placeOf(tensor), bytes)

  const file = fileInterface(name, model)
  const { hasWindows, dModel, nHeads, dHead, ...shape } = fileShape(config, file, model)
  const prompts = prepareGraph(model, file, shape.nLayers, false)
  const decoding = file.branch === null ? prompts : prepareGraph(model, file, shape.nLayers, true)
  const found = prompts.sites.at(-1)?.step.width
  if (found !== undefined && dModel !== null && found !== dModel)
    throw new InputError(`${config.file} says a width of ${dModel}, and the layers of ${path} have ${found}`)
  const same =
    decoding.sites.map(({ step }) => step.hookPoint).join() === prompts.sites.map(({ step }) => step.hookPoint).join()
  const why = same ? prompts.why : 'its two branches are not alike'
  const known = (graph: typeof prompts) => (same ? graph : { ...graph, sites: [], why })
  const isFused = [...prompts.values.nodes, ...decoding.values.nodes].some(({ op }) => /Attention$/.test(op))
  const exported: ExportedFile = {
    name,
    spec: { ...shape, dModel: (same ? found : undefined) ?? shape.vocabSize },
    nHeads,
    dHead,
    file,
    versions: model,
    prompts: known(prompts),
    decoding: known(decoding),
    continues: file.branch === null && file.caches.length > 0,
    decodesAlone: isFused || hasWindows || file.positions === null || file.mask === null,
    bytesOf: (tensor) => {
      const { location, offset, length } = placeOf(tensor)
      return { location, offset, length }
    },
  }
  return { exported, folder, paths, facts: factsOf(path, model, all) }
}

async function readFile(path: string): Promise<FileModel> {
  const source = await openLocalFile(path)
  return decodeModel(source).finally(() => source.close())
}

function allTensors({ nodes, tensors }: Pick<FileModel, 'nodes' | 'tensors'>): FileTensor[] {
  return [...tensors, ...nodes.flatMap((node) => subgraphsOf(node).flatMap(allTensors))]
}

async function externalFile(files: ModelFiles, graph: string, location: string): Promise<string> {
  // a name that leads out of the model's folder is none of its files
  if (!/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\:]{1,300}$/s.test(location))
    throw new InputError(`${files.name}/${graph} has weights in ${shown(location)}, which is no file beside it`)
  const path = posix.join(posix.dirname(graph), location)
  const found = await files.pathIfPresent(path)
  if (found === null)
    throw new InputError(`${files.name} has no ${path}, which holds weights of ${graph}; put it beside the graph`)
  return found
}

function checkBytes(
  name: string,
  { name: tensor, type, shape }: FileTensor,
  { path, offset, length }: ExternalData & { readonly path: string },
  bytes: ReadonlyMap<string, number>,
): void {
  const size = sizes[type]
  const wanted = size === undefined ? length : Math.ceil(size * shape.reduce((product, dim) => product * dim, 1))
  if (wanted === length && offset >= 0 && offset + length <= bytes.get(path)!) return
  throw new InputError(
    `${name}: constant ${shown(tensor.replace(/^file:/, ''))} of shape ${shown(shape)} takes ${wanted} bytes, and ${length} at ${offset} of ${path} are named; the file is damaged or incomplete: download it again`,
  )
}

function factsOf(file: string, { producer, opset, nodes }: FileModel, tensors: readonly FileTensor[]): FileFacts {
  const bytesOf = ({ type, shape }: FileTensor) => (sizes[type] ?? 0) * shape.reduce((product, dim) => product * dim, 1)
  const packed = nodes.filter(({ op }) => op === 'com.microsoft.MatMulNBits')
  const [first] = packed
  const bits = first === undefined ? null : (numberAttribute(first, 'bits') ?? 4)
  const inBytes = new Set(packed.map(({ inputs }) => inputs[1]))
  const numbers = tensors.map((tensor) => {
    const count = tensor.shape.reduce((product, dim) => product * dim, 1)
    if (inBytes.has(tensor.name)) return (count * 8) / (bits ?? 8)
    return [1, float16, 16].includes(tensor.type) && tensor.shape.length > 0 ? count : 0
  })
  return {
    file,
    producer,
    opset,
    numParameters: numbers.reduce((sum, count) => sum + count, 0),
    weightBytes: tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
    bits,
    isHalf: tensors.some(({ type, shape }) => type === float16 && shape.length > 1),
  }
}
