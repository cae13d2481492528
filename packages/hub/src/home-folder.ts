import { homedir } from 'node:os'
import { InputError } from './input-error.js'

/** The user's folder. Throws InputError where there is none; `variable` names a folder for this in its stead. */
export function homeFolder(variable: string): string {
  try {
    return homedir()
  } catch (cause) {
    throw new InputError(`this user has no home folder; set HOME, or ${variable}`, { cause })
  }
}
