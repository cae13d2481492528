import { basename } from 'node:path'
import { InputError, option, type Said, sentence } from '@saeval/hub'
import { checked, index, number, objectOf, shown, text } from '@saeval/hub/checks'
import {
  type Action,
  actions,
  type Edit,
  largestCoefficient,
  largestModel,
  type Playground,
  pageFiles,
  readQuestions,
  type ServedContent,
  servedPage,
} from '@saeval/playground'
import type { ExperimentRun } from '@saeval/report'
import { readSamples } from '@saeval/report'
import * as v from 'valibot'
import { steerCommand } from './steer-command.js'

/** A run as the page that steers shows it. */
export interface SteeredRun {
  readonly model: string
  readonly playground: Playground
  /** What a server gives below the page's folder. */
  readonly content: ReadonlyMap<string, ServedContent>
}

/** Questions of a task that the page asks, and texts that it offers as beginnings. */
const mostQuestions = 100
const mostPrompts = 4
/** Latents that a page shows at first. */
const mostLatents = 8

/** Of a run: which model it steers, and by which edits of a page. */
export interface ShownEdits {
  readonly model: string
  readonly revision: string | undefined
  readonly saes: Playground['saes']
  readonly edits: readonly Edit[]
  /** Rows that the page cannot show. */
  readonly others: number
}

const argsSchema = v.object({
  base_name: v.optional(text),
  pretrained: v.optional(text),
  revision: v.optional(text),
  csv_path: v.optional(text),
})
const steeringSchema = v.fallback(
  objectOf({ rows: v.array(v.unknown()), semantics: v.optional(v.unknown(), 'direct') }),
  {
    rows: [],
    semantics: 'direct',
  },
)
const rowSchema = v.looseObject({
  latent_idx: index,
  steering_coefficient: number,
  sae_release: v.string(),
  sae_id: v.string(),
  hook_action: v.fallback(v.string(), 'add'),
})
type Row = v.InferOutput<typeof rowSchema>

/** What makes a row one that the page's rows cannot be. */
const beyond = [
  'acts_at',
  'positions',
  'skip_positions',
  'condition_latent',
  'head_index',
  'origin',
  'random_direction',
  'hook_points',
]

/** Model arguments that change no number of the page: what it takes itself, what rows tell as it came out, and what only says where and how fast. */
const harmless = [
  ...Object.keys(argsSchema.entries),
  'unit',
  'features_path',
  'allow_inert_rows',
  'batch_size',
  'max_batch_size',
  'device',
  'threads',
]
/** What the page does itself: so said, an argument changes nothing. */
const ofPage: Readonly<Record<string, unknown>> = {
  backend: 'hf',
  dtype: 'float32',
  compute: 'float32',
  semantics: 'direct',
  positions: 'all',
  allow_other_model: false,
  trust_remote_code: false,
}

/** What a run's results say of the model and the edits. Throws InputError that names what a page would compute in another way. */
export function shownEdits({
  model: kind,
  modelArgs,
  provenance,
}: Pick<ExperimentRun['results'], 'model' | 'modelArgs' | 'provenance'>): ShownEdits {
  const given = Object.entries(modelArgs).filter(([, value]) => value !== null)
  const args = checked('model_args of this run', argsSchema, Object.fromEntries(given))
  const model = args.base_name ?? args.pretrained
  if (model === undefined) throw new InputError('this run names no model by base_name or pretrained')
  const other = given.find(([name, value]) => !harmless.includes(name) && ofPage[name] !== value)
  if (other !== undefined)
    throw new InputError(
      `this run's edits cannot be begun with: it has ${other[0]}=${shown(other[1])} among its model_args, and a page takes a model as it is, in float32, and steers it everywhere`,
    )
  const { rows: all, semantics } = v.parse(steeringSchema, provenance?.steering)
  if (semantics !== 'direct')
    throw new InputError(
      `this run's edits cannot be begun with: its semantics are ${shown(semantics)}, which put the SAE's output in the place of the activation, and a page edits by semantics=direct`,
    )
  const rows = all.flatMap((row): Row[] => {
    const read = v.safeParse(rowSchema, row)
    return read.success ? [read.output] : []
  })
  const names = new Map(
    rows.map(({ sae_release: release, sae_id: id }) => [JSON.stringify([release, id]), { release, id }]),
  )
  if (names.size === 0)
    throw new InputError(
      all.length === 0
        ? 'this run tells no latents that it edits: choose a steered one'
        : `this run's edits cannot be begun with: none of its ${all.length} rows (of a model ${kind}) edits a latent of an SAE`,
    )
  const edits = rows.flatMap((row) => editOf(row, [...names.keys()]) ?? []).slice(0, mostLatents)
  return { model, revision: args.revision, saes: [...names.values()], edits, others: all.length - edits.length }
}

/** Opens what the page needs for a run's own model, SAEs and questions, from this machine alone. `words` names options as who reads the page knows them. Throws InputError that says why it cannot be. */
export async function steeredRun({ results }: ExperimentRun, words: (said: Said) => string): Promise<SteeredRun> {
  const { model, revision, saes, edits, others } = shownEdits(results)
  const files = await pageFiles({ model, saes, largest: largestModel, ...(revision === undefined ? {} : { revision }) })
  const { tasks, prompts, notAsked } = await askedIn(results, words)
  const playground: Playground = {
    title: `Steer ${model}`,
    model,
    command: steerCommand({ model, revision, results }),
    saes,
    tasks,
    notAsked,
    prompts: prompts.length > 0 ? [...prompts] : ['Once upon a time'],
    newTokens: 40,
    edits: [...edits],
    others,
  }
  return {
    model,
    playground,
    content: servedPage(playground, files),
  }
}

/** A row as an edit of the page; null where it is more than that. */
function editOf(row: Row, saes: readonly string[]): Edit | null {
  const { latent_idx: latent, steering_coefficient: plain, hook_action: action } = row
  if (!isAction(action) || beyond.some((name) => row[name] !== undefined && row[name] !== null)) return null
  // of a row in another unit: what it came to
  const coefficient = typeof row.coefficient === 'number' ? row.coefficient : plain
  if (!(Math.abs(coefficient) <= largestCoefficient)) return null
  return { sae: saes.indexOf(JSON.stringify([row.sae_release, row.sae_id])), latent, action, coefficient }
}

function isAction(name: string): name is Action {
  return (actions as readonly string[]).includes(name)
}

/** What a page asks of a run's tasks. */
interface AskedOfRun extends Pick<Playground, 'tasks'> {
  readonly prompts: readonly string[]
  /** Tasks that it does not ask, and why. */
  readonly notAsked: string[]
}

/** Questions of tasks with choices, and beginnings of texts: those that the run was asked, or where nothing is written those of its questions. */
async function askedIn(
  { samples, scores }: ExperimentRun['results'],
  words: (said: Said) => string,
): Promise<AskedOfRun> {
  const tasks: Playground['tasks'] = []
  const prompts: string[] = []
  const notAsked: string[] = []
  const documents = new Map(scores.map(({ task, n }) => [task, n]))
  for (const [name, path] of samples) {
    let first = null
    for await (const sample of readSamples(path)) {
      first = sample
      break
    }
    if (first === null) continue
    if (first.answer !== null) {
      prompts.push(first.prompt)
      notAsked.push(`${name}: its answers are written, and a page asks for choices`)
      continue
    }
    const questions = await questionsOf(path, words)
    if (typeof questions === 'string') notAsked.push(`${name}: ${questions}`)
    else tasks.push({ name, title: name, documents: documents.get(name) ?? questions.length, questions })
  }
  if (samples.size === 0)
    notAsked.push(words(sentence`the run has logged no questions, which ${option('logSamples')} does`))
  const asked = tasks.flatMap(({ questions }) => questions.slice(0, 1).map(({ context }) => context))
  return { tasks, notAsked, prompts: [...prompts, ...asked].slice(0, mostPrompts) }
}

/** A task's questions; a sentence where a page cannot count their right answers as the run did. */
async function questionsOf(
  path: string,
  words: (said: Said) => string,
): Promise<Playground['tasks'][number]['questions'] | string> {
  try {
    return await readQuestions(path, mostQuestions)
  } catch (error) {
    if (InputError.isInstance(error)) return words(error.sentence).replace(path, basename(path))
    throw error
  }
}
