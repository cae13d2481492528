import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError, option, sentence, writeFiles } from '@saeval/hub'
import { checked, number, objectOf, text } from '@saeval/hub/checks'

/** What a search was asked for, and what its budget came to: written before it begins, so that it can go on. */
export interface SearchPlan {
  /** JSON text of everything that decides the end. */
  readonly asked: string
  /** Tokens. */
  readonly budget: number
}

const schema = objectOf({ asked: text, budget: number })
const name = 'plan.json'

/** The plan of a folder; null where there is none. Throws InputError where the folder is of another search, or the file is damaged. */
export function readPlan(folder: string, asked: string): SearchPlan | null {
  const path = join(folder, name)
  if (!existsSync(path)) return null
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new InputError(`${path} is damaged; delete it to search again`, { cause })
  }
  const plan = checked(path, schema, value)
  if (plan.asked === asked) return plan
  throw new InputError(
    sentence`${folder} is the folder of another search: its objective, guards, latents, documents, model or settings are others; choose another ${option('output_path')}`,
  )
}

/** Writes the plan into its folder. */
export function writePlan(folder: string, plan: SearchPlan): void {
  writeFiles([[join(folder, name), `${JSON.stringify(plan)}\n`]])
}
