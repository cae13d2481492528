import { InputError } from '@saeval/hub'
import type { Feature } from '../tables/features.js'
import type { Chunk } from '../tables/table-split.js'

type Marks = Readonly<Record<string, (feature: Feature | undefined) => boolean>>
const json = (feature: Feature | undefined) => feature?.kind === 'json'
const value = (dtype: string) => (feature: Feature | undefined) => feature?.kind === 'value' && feature.dtype === dtype
const text = value('string')

/** Columns by which datasets takes files for records of coding agents. Source: packaged_modules/json/json.py. */
const traces: readonly Marks[] = [
  { type: text, message: json },
  { type: text, payload: json },
  {
    id: text,
    source: text,
    model: text,
    system_prompt: text,
    messages: (of) => of?.kind === 'list' || of?.kind === 'json',
  },
  { type: text, id: text, version: value('int64'), cwd: text },
]

/** Chunks as they are. Throws InputError for records of coding agents, of which datasets makes other rows than stand in the files. */
export async function* refuseAgentTraces(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  let first = true
  for await (const chunk of chunks) {
    if (
      first &&
      traces.some((marks) => Object.entries(marks).every(([name, is]) => is(chunk.columns.get(name)?.feature)))
    )
      throw new InputError(
        `${chunk.name} has the columns of a coding agent's record, of which datasets makes other rows; that is not supported`,
      )
    first = false
    yield chunk
  }
}
