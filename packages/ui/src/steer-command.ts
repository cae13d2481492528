import { shellWord } from '@saeval/hub/internal/shell-word'
import type { ExperimentRun } from '@saeval/report'

/** A run's model, and its results, as the command needs them. */
export interface SteeredBy {
  readonly model: string
  readonly revision: string | undefined
  readonly results: Pick<ExperimentRun['results'], 'scores' | 'config'>
}

/** The command that asks a run's tasks under the edits of steering.csv, to be pasted into a shell. What the run had beside these (its few-shot examples, its template) it does not say. */
export function steerCommand({ model, revision, results: { scores, config } }: SteeredBy): string {
  const args = { base_name: model, csv_path: 'steering.csv', ...(revision === undefined ? {} : { revision }) }
  const tasks = tasksAsked(scores)
  const { limit } = config
  const words = [
    ...['--model', 'sae_steered_beta', '--model_args', modelArgs(args)],
    ...(tasks.length > 0 ? ['--tasks', tasks.join(',')] : []),
    ...(typeof limit === 'number' ? ['--limit', String(limit)] : []),
  ]
  return ['saeval', 'run', ...words].map(shellWord).join(' ')
}

/** Groups and tasks that are part of no other one. */
function tasksAsked(scores: SteeredBy['results']['scores']): string[] {
  const parts = new Set(scores.flatMap(({ members }) => members ?? []))
  return [...new Set(scores.map(({ task }) => task))].filter((task) => !parts.has(task))
}

/** Pairs, or JSON where one of the values would not be read as the text that it is. */
function modelArgs(args: Readonly<Record<string, string>>): string {
  const isPlain = (value: string) =>
    /^[A-Za-z/_.~][\w@%+:./-]*$/.test(value) && !/^(true|false|none|null|inf|nan)/i.test(value)
  if (!Object.values(args).every(isPlain)) return JSON.stringify(args)
  return Object.entries(args)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}
