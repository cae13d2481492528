import { readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { InputError, makeWritableFolder, option, sentence, writeFiles } from '@saeval/hub'
import { located } from '../../edits/place-in-file.js'
import { inLayers } from '../layer-place.js'
import { ignoredLines, type ReadVectorsOptions, type SteeredFile } from '../steered-entry.js'
import { strengthened } from '../strengthened.js'
import { readVectors } from '../vector-formats.js'
import type { VectorWriter } from './vector-writer.js'
import { csvWriter } from './write-csv.js'
import { ggufWriter } from './write-gguf.js'
import { easySteerWriter, lensWriter } from './write-json.js'
import { neuronpediaWriter } from './write-neuronpedia.js'
import { npyWriter, safetensorsWriter } from './write-plain.js'
import { reftWriter } from './write-reft.js'
import { torchWriter } from './write-torch.js'

/** The formats that vectors can be written in. */
const writers: readonly VectorWriter[] = [
  safetensorsWriter,
  npyWriter,
  ggufWriter,
  torchWriter,
  csvWriter,
  lensWriter,
  easySteerWriter,
  neuronpediaWriter,
  reftWriter,
]

/** The names of formats that can be written, as `to` takes them. */
export const writableFormats: readonly string[] = writers.map(({ name, ends: [end] }) =>
  end === undefined || end === '.json' ? name : end.slice(1),
)

/** What to write where. */
export interface WriteVectorsOptions {
  readonly output: string
  /** One of `writableFormats`; null is the one that the output's name ends like. */
  readonly to: string | null
  /** model_type of the model, which a GGUF file tells; null is what the file says. */
  readonly modelType: string | null
}

/**
 * Writes vectors and gives what whoever uses them must say again, a line each. Throws InputError that names an entry which the format cannot hold, and
 * why.
 */
export function writeVectors(given: SteeredFile, options: WriteVectorsOptions): readonly string[] {
  const { writer, file } = heldBy(given, options)
  const { output } = options
  const bytes = writer.bytes(file)
  if (bytes instanceof Uint8Array) writeFiles([[output, bytes]])
  else {
    makeWritableFolder(`output ${output}`, output)
    writeFiles([...bytes].map(([name, content]) => [join(output, name), content]))
  }
  return writer.leaves({ ...file, path: output })
}

/** Throws InputError as writeVectors does for vectors of these places and kinds, whatever their numbers. */
export function checkHeld(file: SteeredFile, options: WriteVectorsOptions): void {
  heldBy(file, options)
}

/** The writer and what it writes. */
function heldBy(given: SteeredFile, { output, to, modelType }: WriteVectorsOptions) {
  const writer = writerOf(output, to)
  const file = { ...given, modelType: modelType ?? given.modelType }
  const named = `${/^[AEIOU]/.test(writer.name) ? 'an' : 'a'} ${writer.name} file`
  for (const entry of file.entries) {
    const why = writer.refuses(entry)
    if (why !== null) throw located(entry.place, null, `${named} cannot hold ${why}`)
  }
  const why = writer.refusesFile?.(file) ?? null
  if (why !== null) throw new InputError(sentence`${file.path}: ${named} cannot hold ${why}`)
  return { writer, file }
}

/** Throws InputError for an output that no format is written to, and for a folder that has something in it. Gives whether it is a folder. */
export function checkVectorOutput({ output, to }: Pick<WriteVectorsOptions, 'output' | 'to'>): boolean {
  const isFolder = writerOf(output, to).ends.length === 0
  const found = isFolder ? statSync(output, { throwIfNoEntry: false }) : undefined
  if (found !== undefined && (!found.isDirectory() || readdirSync(output).length > 0))
    throw new InputError(`output ${output} is there already; name a folder that is new or empty`)
  return isFolder
}

function writerOf(output: string, to: string | null): VectorWriter {
  const end = extname(output).toLowerCase()
  const isOf = ({ ends }: VectorWriter) => (ends.length === 0 ? end === '' : ends.includes(end))
  const found = writers.filter((writer, index) => (to === null ? isOf(writer) : writableFormats[index] === to))
  if (to !== null && found.length === 0)
    throw new InputError(sentence`${option('to')} is ${to}, expected ${writableFormats.join(', ')}`)
  if (found.length > 1)
    throw new InputError(
      sentence`${output}: several formats end in ${end}; say which by ${option('to')}: ${found.map(({ name }) => name).join(', ')}`,
    )
  const [writer] = found
  if (writer === undefined)
    throw new InputError(
      `${output} ends in none of ${[...new Set(writers.flatMap(({ ends }) => ends))].join(', ')}; a name without an end is a folder of pyreft`,
    )
  if (writer.ends.length > 0 && !isOf(writer))
    throw new InputError(
      sentence`${output} does not end in ${writer.ends.join(' or ')}, as files of ${option('to')} ${to} do`,
    )
  return writer
}

/** What to convert. */
export interface ConvertVectorsOptions extends WriteVectorsOptions, Pick<ReadVectorsOptions, 'layers' | 'hub'> {
  readonly input: string
  /** Times what the input adds. */
  readonly scale: number
}

/** Reads vectors of any format and writes them in another; gives notices of both, a line each. Throws InputError as both do. */
export async function convertVectors({
  input,
  layers,
  hub,
  scale,
  ...to
}: ConvertVectorsOptions): Promise<readonly string[]> {
  const read = await readVectors(input, { baseName: null, allowOtherModel: true, layers, takesRows: true, hub })
  try {
    const file = strengthened(
      inLayers(read, layers, sentence`${option('layers')}`),
      scale,
      sentence`${option('scale')}`,
    )
    return [...read.notices, ...ignoredLines(read), ...writeVectors(file, to)]
  } finally {
    await Promise.all([...new Set(read.entries.flatMap(({ sae }) => sae ?? []))].map((sae) => sae.close()))
  }
}
