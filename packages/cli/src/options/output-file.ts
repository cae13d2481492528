import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError, makeWritableFolder } from '@saeval/hub'

/** Makes the folder of a file that is to be written, so that what cannot be written shows before the work. Throws InputError naming the flag. */
export function prepareOutputFile(flag: string, path: string): void {
  if (path.trim() === '') throw new InputError(`${flag} is empty; give it a value, or leave it out`)
  makeWritableFolder(`${flag} ${path}`, dirname(path))
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`${flag} ${path} is a folder; name a file`)
}
