import { extname } from 'node:path'
import { InputError, option, sentence, writeFiles } from '@saeval/hub'
import { located } from '../../edits/place-in-file.js'
import { inLayers } from '../layer-place.js'
import { ignoredLines, type ReadVectorsOptions, type SteeredFile } from '../steered-entry.js'
import { strengthened } from '../strengthened.js'
import { readVectors } from '../vector-formats.js'
import type { VectorWriter } from './vector-writer.js'
import { ggufWriter } from './write-gguf.js'
import { easySteerWriter, lensWriter } from './write-json.js'
import { npyWriter, safetensorsWriter } from './write-plain.js'

/** The formats that vectors can be written in. */
const writers: readonly VectorWriter[] = [safetensorsWriter, npyWriter, ggufWriter, lensWriter, easySteerWriter]

/** The names of formats that can be written, as `to` takes them. */
export const writableFormats: readonly string[] = writers.map(({ name, end }) =>
  end === '.json' ? name : end.slice(1),
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
export function writeVectors(given: SteeredFile, { output, to, modelType }: WriteVectorsOptions): readonly string[] {
  const writer = writerOf(output, to)
  const file = { ...given, modelType: modelType ?? given.modelType }
  for (const entry of file.entries) {
    const why = writer.refuses(entry)
    if (why !== null) throw located(entry.place, null, `a ${writer.name} file cannot hold ${why}`)
  }
  const why = writer.refusesFile?.(file) ?? null
  if (why !== null) throw new InputError(sentence`${file.path}: a ${writer.name} file cannot hold ${why}`)
  writeFiles([[output, writer.bytes(file)]])
  return writer.leaves({ ...file, path: output })
}

function writerOf(output: string, to: string | null): VectorWriter {
  const end = extname(output).toLowerCase()
  const found = writers.filter((writer, index) => (to === null ? writer.end === end : writableFormats[index] === to))
  if (to !== null && found.length === 0)
    throw new InputError(sentence`${option('to')} is ${to}, expected ${writableFormats.join(', ')}`)
  if (found.length > 1)
    throw new InputError(
      sentence`${output}: several formats end in ${end}; say which by ${option('to')}: ${found.map(({ name }) => name).join(', ')}`,
    )
  const [writer] = found
  if (writer === undefined)
    throw new InputError(`${output} ends in none of ${[...new Set(writers.map((other) => other.end))].join(', ')}`)
  if (writer.end !== end)
    throw new InputError(sentence`${output} does not end in ${writer.end}, as files of ${option('to')} ${to} do`)
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
  const read = await readVectors(input, { baseName: null, allowOtherModel: true, layers, hub })
  try {
    const file = strengthened(inLayers(read, layers), scale)
    return [...read.notices, ...ignoredLines(read), ...writeVectors(file, to)]
  } finally {
    await Promise.all([...new Set(read.entries.flatMap(({ sae }) => sae ?? []))].map((sae) => sae.close()))
  }
}
