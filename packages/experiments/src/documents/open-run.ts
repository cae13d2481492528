import type { PreparedEvaluation, PreparedTask } from '@saeval/eval-harness'
import { leaves } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { InputError, option, sentence } from '@saeval/hub'
import type { ArgumentKinds, SteerableModel } from '@saeval/language-model'
import { openBase, type SplitArguments, splitArguments } from '@saeval/steering/internal/models/open-base'
import { type Opening, openEvaluation, tasksOfRun } from '../open-evaluation.js'
import { plainArguments } from '../plain-arguments.js'
import type { RunSettings } from '../run-settings.js'

export interface OpenRunOptions<Own extends ArgumentKinds> extends Pick<Opening, 'signal' | 'hub' | 'onNotice'> {
  /** As for a single run. */
  readonly run: RunSettings
  /** The command, for messages, and what it takes in model_args beside base_name and the backend's. */
  readonly name: string
  readonly own: Own
}

/** A model and tasks whose requests are built. */
export interface OpenRun<Own extends ArgumentKinds> {
  readonly baseName: string
  readonly base: SteerableModel
  readonly args: SplitArguments<Own & { readonly base_name: 'string' }>['own']
  readonly prepared: PreparedEvaluation
  /** Prepared tasks of a task's, group's or tag's name. Throws InputError for a name without one. */
  tasksOf(names: readonly string[]): readonly PreparedTask[]
  close(): Promise<void>
}

/** Opens the model and prepares the tasks of a run and `more` ones. Throws InputError for arguments and tasks that cannot be used. */
export async function openRun<Own extends ArgumentKinds>(
  options: OpenRunOptions<Own>,
  more: readonly string[] = [],
): Promise<OpenRun<Own>> {
  const { run } = options
  const split = splitArguments(options.name, plainArguments(run.model_args), {
    base_name: 'string',
    ...options.own,
  } as Own & {
    readonly base_name: 'string'
  })
  const args = split.own as OpenRun<Own>['args']
  const baseName = args.base_name as string | undefined
  if (baseName === undefined)
    throw new InputError(sentence`${option('model_args')} needs base_name=…, the model to look into`)
  const leavesOf = (name: string) => leaves(tasksOfRun(run, [name]))
  // a task may be named by itself and by a group
  const named = new Map([...run.tasks, ...more].flatMap(leavesOf).map((config) => [config.task, config]))
  const tasks = [...named.values()].map((config) => ({ kind: 'task', config }) as const)
  const { model, prepared, close } = await openEvaluation(
    run,
    tasks,
    (context) => openBase(baseName, split, context),
    options,
  )
  return {
    baseName,
    base: model,
    args,
    prepared,
    tasksOf: (names) => {
      const own = new Set(names.flatMap(leavesOf).map(({ task }) => task))
      return prepared.tasks.filter(({ task }) => own.has(task.config.task))
    },
    close,
  }
}
