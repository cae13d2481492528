import { InputError, option, type Said, sentence } from '@saeval/hub'
import { located } from '../edits/place-in-file.js'
import type { SteeredFile } from './steered-entry.js'

/** What is added, more or less of which is wanted. */
const scalable = ['add', 'add_matched', 'loreft', 'low_rank']

/** The file with `scale` times of what it adds, which `what` has named. Throws InputError where an entry does not add. */
export function strengthened(
  file: SteeredFile,
  scale: number,
  what: Said = sentence`scale in ${option('modelArgs')}`,
): SteeredFile {
  if (scale === 1) return file
  return {
    ...file,
    entries: file.entries.map((entry) => {
      const { change, place } = entry
      if (!scalable.includes(change.action))
        throw located(place, null, sentence`${entry.record.action} has no strength that ${what} could change`)
      const coefficient = scale * change.coefficient
      if (!Number.isFinite(Math.fround(coefficient)))
        throw new InputError(sentence`${what}: ${scale} makes ${coefficient}, which is not a finite float32 number`)
      return { ...entry, change: { ...change, coefficient } }
    }),
  }
}
