import { type DataFile, readBytes } from './files/data-file.js'
import { decodeText } from './files/encodings.js'
import type { Chunk } from './tables/table-split.js'

/** Text files as chunks, each line (or, by `sampleBy`, each paragraph or file) a document with the column `text`. Throws InputError. */
export async function* textChunks(
  files: readonly DataFile[],
  { encoding, sampleBy, keepLinebreaks }: TextReading,
): AsyncGenerator<Chunk> {
  for (const file of files) {
    const text = decodeText(await readBytes(file), encoding, file.name).replaceAll(/\r\n?/g, '\n')
    const values = divided(text, sampleBy, keepLinebreaks)
    if (values.length === 0) continue
    const feature = { kind: 'value', dtype: 'string' } as const
    yield { name: file.name, length: values.length, columns: new Map([['text', { feature, values }]]) }
  }
}

/** How text files are read. */
export interface TextReading {
  readonly encoding: string
  readonly sampleBy: 'line' | 'paragraph' | 'document'
  readonly keepLinebreaks: boolean
}

function divided(text: string, sampleBy: TextReading['sampleBy'], keepLinebreaks: boolean): string[] {
  if (sampleBy === 'document') return [text]
  if (sampleBy === 'paragraph') {
    const parts = text.split('\n\n')
    return parts.filter((part) => part !== '')
  }
  const lines = text.split('\n')
  const rest = lines.pop()!
  const whole = keepLinebreaks ? lines.map((line) => `${line}\n`) : lines
  return rest === '' ? whole : [...whole, rest]
}
