import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { call, InputError, sentence } from '@saeval/hub'
import { index, number, objectOf, recordOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'

const range = v.pipe(v.tuple([index, index], 'two whole numbers'), v.readonly())

const planSchema = objectOf({
  /** Version of saeval that made it. */
  saeval: text,
  /** See Program. */
  build: v.optional(text, ''),
  /** The command that it is a plan of, in words: what a shell would give the program. */
  command: v.pipe(v.array(text, 'a list of words'), v.readonly()),
  /** Files that decide the results: path -> sha256 in hex. */
  files: recordOf(text),
  /** See pluginsFingerprint. */
  plugins: text,
  /** Fingerprint of what is asked, by task or group. */
  asked: recordOf(text),
  /** What the items are to be computed on ("cpu", "cuda:0"); null of a model that does not say. */
  device: v.nullable(text),
  /** Numbers that edits have measured on the unsteered model, by what they are of. */
  measured: v.optional(recordOf(v.pipe(v.array(number, 'a list of numbers'), v.readonly())), {}),
  /** Of the unsteered model; null where only that with its edits is known. */
  model: v.nullable(text),
  settings: v.pipe(v.array(objectOf({ id: text, fingerprint: text }), 'a list of settings'), v.readonly()),
  /** See blocksOf. `tokens` are distinct ones of prompts and scored texts; `work` is that of one setting. */
  blocks: v.pipe(
    v.array(objectOf({ id: text, kind: text, requests: index, tokens: index, work: number }), 'a list of blocks'),
    v.readonly(),
  ),
  /** See WorkItem. */
  items: v.pipe(v.array(objectOf({ blocks: range, settings: range, work: number }), 'a list of items'), v.readonly()),
  /** Work of all items together over that of one with everything. */
  cost: number,
})

/** What plan.json holds. */
export type Plan = Readonly<v.InferOutput<typeof planSchema>>

/** An item of a plan. */
export type PlanItem = Plan['items'][number]

/** Name of a Plan in its folder. */
export const planFileName = 'plan.json'

/** Reads a plan's file. Throws InputError for a folder without one, and for one that is damaged. */
export function readPlan(folder: string): Plan {
  const path = join(folder, planFileName)
  if (!existsSync(path))
    throw new InputError(sentence`${folder} is no plan: it has no ${planFileName}; ${call('plan')} makes one`)
  try {
    return v.parse(planSchema, JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new InputError(sentence`${path} is damaged; make the plan anew with ${call('plan')}`, { cause })
  }
}

/** A plan as text of its file. */
export function planText(plan: Plan): string {
  return `${JSON.stringify(plan, null, 1)}\n`
}
