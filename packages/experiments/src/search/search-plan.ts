import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError, option, sentence, writeFiles } from '@saeval/hub'
import { checked, number, objectOf, text } from '@saeval/hub/checks'
import type { SearchBudget } from './search-settings.js'

/** What a search was asked for, and what its budget came to: written before it begins, so that it can go on. */
export interface SearchPlan {
  /** JSON text of everything that decides the end but the budget: an object, whose fields are named where another search finds them. */
  readonly asked: string
  /** JSON text of the budget that was asked for, null without. */
  readonly budgetAsked: string
  /** Tokens. */
  readonly budget: number
}

const schema = objectOf({ asked: text, budgetAsked: text, budget: number })
const name = 'plan.json'

/**
 * The plan of a folder; null where there is none, or one with another budget, whose answers are good for this one too. Throws InputError naming what differs where
 * the folder is of another search, and where the file is damaged.
 */
export function readPlan(folder: string, asked: string, budget: SearchBudget | null): SearchPlan | null {
  const path = join(folder, name)
  if (!existsSync(path)) return null
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new InputError(`${path} is damaged; delete it to search again`, { cause })
  }
  const plan = checked(path, schema, value)
  if (plan.asked === asked) return plan.budgetAsked === JSON.stringify(budget) ? plan : null
  throw new InputError(
    sentence`${folder} is the folder of another search, of other ${differing(plan.asked, asked)}; choose another ${option('output_path')}`,
  )
}

/** The plan of a folder, or a new one that is written there, with as many tokens as `tokens` says. Throws InputError as readPlan does. */
export async function planOf(
  folder: string,
  asked: string,
  budget: SearchBudget | null,
  tokens: () => Promise<number>,
): Promise<SearchPlan> {
  const known = readPlan(folder, asked, budget)
  if (known !== null) return known
  const plan = { asked, budgetAsked: JSON.stringify(budget), budget: await tokens() }
  writePlan(folder, plan)
  return plan
}

/** Writes the plan into its folder. */
export function writePlan(folder: string, plan: SearchPlan): void {
  writeFiles([[join(folder, name), `${JSON.stringify(plan)}\n`]])
}

/** A short text for one that is long: SHA-256 of its JSON. */
export function hashed(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

function differing(before: string, now: string): string {
  const [old, own] = [before, now].map((text) => JSON.parse(text) as Record<string, unknown>)
  const names = Object.keys(own!).filter((field) => JSON.stringify(old?.[field]) !== JSON.stringify(own![field]))
  return names.join(', ') || 'settings'
}
