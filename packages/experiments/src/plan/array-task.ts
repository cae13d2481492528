import { InputError } from '@saeval/hub'

/** An engine that starts the same command many times, and how it tells each one which it is. */
interface Engine {
  readonly variable: string
  /** The first task, the last one and the step between them, where the engine tells. */
  readonly range?: { readonly first: string; readonly last: string; readonly step: string }
  /** What tasks are counted from where it does not tell. */
  readonly from: number
}

const engines: readonly Engine[] = [
  {
    variable: 'SLURM_ARRAY_TASK_ID',
    range: { first: 'SLURM_ARRAY_TASK_MIN', last: 'SLURM_ARRAY_TASK_MAX', step: 'SLURM_ARRAY_TASK_STEP' },
    from: 0,
  },
  {
    variable: 'SGE_TASK_ID',
    range: { first: 'SGE_TASK_FIRST', last: 'SGE_TASK_LAST', step: 'SGE_TASK_STEPSIZE' },
    from: 1,
  },
  { variable: 'PBS_ARRAY_INDEX', from: 0 },
  { variable: 'JOB_COMPLETION_INDEX', from: 0 },
]

/**
 * Which item of a plan this process is to do, by what Slurm, Grid Engine, PBS or Kubernetes tell each task of an array; null outside of an array. An array
 * with as many tasks as the plan has items is counted from its own first task, whatever number that has. Of any other one (a few items again) a task's
 * number is the item's: from 0, in Grid Engine, which knows no task 0, from 1. Throws InputError for a number that is no item's.
 */
export function arrayTask(env: Readonly<Record<string, string | undefined>>, items: number): number | null {
  const engine = engines.find(({ variable }) => isGiven(env[variable]))
  if (engine === undefined) return null
  const { variable, range, from } = engine
  const task = wholeNumber(env, variable)
  const item = task - from
  if (range !== undefined && isGiven(env[range.first]) && isGiven(env[range.last])) {
    const [first, last] = [wholeNumber(env, range.first), wholeNumber(env, range.last)]
    const step = isGiven(env[range.step]) ? Math.max(1, wholeNumber(env, range.step)) : 1
    const place = (task - first) / step
    // Slurm counts tasks of lists such as 3,7 too, whose numbers are no range
    const tasks = Number(env.SLURM_ARRAY_TASK_COUNT ?? Math.floor((last - first) / step) + 1)
    const isWhole = tasks === items && Math.floor((last - first) / step) + 1 === items
    if (isWhole && Number.isInteger(place)) return place
  }
  if (item >= 0 && item < items) return item
  throw new InputError(
    `${variable} is ${task}, but the plan has ${items} items: give the array ${items} tasks (${from} to ${items - 1 + from})`,
  )
}

/** Grid Engine says "undefined" outside of arrays. */
function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'undefined'
}

function wholeNumber(env: Readonly<Record<string, string | undefined>>, name: string): number {
  const text = env[name]!
  if (!/^\d+$/.test(text)) throw new InputError(`${name} is "${text}", which is no number of a task`)
  return Number(text)
}
