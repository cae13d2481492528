import { realpath, stat } from 'node:fs/promises'
import { dirname, posix, relative, sep } from 'node:path'
import { InputError, type ModelFiles, openLocalFile } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import { decodeModel, type FileModel, type FileTensor } from '../onnx/decode-model.js'
import type { ExternalData } from '../onnx/encode-model.js'
import type { ModelConfig } from '../spec/read-config.js'
import { commonFolder } from '../weights/checkpoint.js'
import { checkOrder } from './check-order.js'
import type { ExportedFile } from './exported-file.js'
import { allNodes, allTensors, bytesOfType, type FileFacts, factsOf } from './file-facts.js'
import { fileInterface } from './file-interface.js'
import { fileShape } from './file-shape.js'
import { prepareGraph } from './prepared-file.js'

/** An ONNX file as a model, and what it is made of. */
export interface OpenedFile {
  readonly exported: ExportedFile
  /** A real folder above all of its files. */
  readonly folder: string
  /** Its files: the graph and those with weights. */
  readonly paths: readonly string[]
  /** The same files as the folder or cache names them. */
  readonly sources: readonly string[]
  readonly facts: FileFacts
}

/** Operators by which the numbers of one text hang on those beside it: the scale of what they round is the whole batch's. */
const wholeBatch = ['DynamicQuantizeLinear', 'com.microsoft.DynamicQuantizeMatMul', 'com.microsoft.DynamicQuantizeLSTM']

/** Opens an ONNX file of a model; `download` is told of a file with weights before it is read, and may throw. Throws InputError for damaged files, and graphs that are no decoder. */
export async function openFile(
  files: ModelFiles,
  path: string,
  config: ModelConfig,
  download: (path: string) => void = () => {},
): Promise<OpenedFile> {
  const name = `${files.name}/${path}`
  const model = await readFile(await files.path(path))
  const all = allTensors(model)
  checkOrder(name, model)
  const nodes = allNodes(model)
  const foreign = nodes.find(({ op }) => wholeBatch.includes(op))
  if (foreign !== undefined)
    throw new InputError(
      `${name} rounds activations by what is in the whole batch (${foreign.op}), so that a text's scores hang on those beside it; take a file with float or 4-bit weights (model.onnx, model_fp16.onnx, model_q4.onnx)`,
    )
  const sources = [await files.path(path)]
  const locations = new Map<string, string>([['', await realpath(sources[0]!)]])
  for (const { place } of all) {
    if (place === null || place === 'here' || locations.has(place.location)) continue
    const source = await externalFile(files, path, place.location, download)
    sources.push(source)
    locations.set(place.location, await realpath(source))
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
  const isFused = nodes.some(({ op }) => /Attention$/.test(op))
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
  return { exported, folder, paths, sources, facts: factsOf(path, model) }
}

async function readFile(path: string): Promise<FileModel> {
  const source = await openLocalFile(path)
  return decodeModel(source).finally(() => source.close())
}

async function externalFile(
  files: ModelFiles,
  graph: string,
  location: string,
  download: (path: string) => void,
): Promise<string> {
  // a name that leads out of the model's folder is none of its files
  if (!/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\:]{1,300}$/s.test(location))
    throw new InputError(`${files.name}/${graph} has weights in ${shown(location)}, which is no file beside it`)
  const path = posix.join(posix.dirname(graph), location)
  download(path)
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
  const size = bytesOfType[type]
  const wanted = size === undefined ? length : Math.ceil(size * shape.reduce((product, dim) => product * dim, 1))
  if (wanted === length && offset >= 0 && offset + length <= bytes.get(path)!) return
  throw new InputError(
    `${name}: constant ${shown(tensor.replace(/^file:/, ''))} of shape ${shown(shape)} takes ${wanted} bytes, and ${length} at ${offset} of ${path} are named; the file is damaged or incomplete: download it again`,
  )
}
