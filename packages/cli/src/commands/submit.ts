import { execFileSync } from 'node:child_process'
import { isAbsolute, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  arrayTasks,
  kubernetesJob,
  type PlanJob,
  readPlan,
  shellWord,
  slurmArray,
  slurmMerge,
} from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { version } from '../version.js'
import type { PlanCommandOptions } from './plan-options.js'
import type { Surroundings } from './run.js'

/** `saeval plan PLAN --submit slurm|k8s`: submits a plan that is made, or prints what would be submitted. What cannot be has been checked: checkSubmission. */
export function submit(folder: string, options: PlanCommandOptions, { stdout }: Surroundings): void {
  const { items } = readPlan(folder)
  const { partition, time, mem, gres, container, parallel } = options
  // in an image this program lies elsewhere
  const isElsewhere = container !== null || options.submit === 'k8s'
  const own = [process.execPath, fileURLToPath(new URL('../bin.js', import.meta.url))]
  const job: PlanJob = {
    plan: folder,
    items: items.length,
    mostTasks: options.submit === 'k8s' ? items.length : mostArrayTasks(),
    program: isElsewhere ? `npx -y saeval@${version}` : own.map(shellWord).join(' '),
    partition,
    time,
    mem,
    gres,
    container,
    parallel,
  }
  if (options.submit === 'k8s') {
    stdout.write(kubernetesJob(job))
    return
  }
  if (options.dry_run) {
    stdout.write(`${slurmArray(job)}\n${slurmMerge(job)}`)
    return
  }
  const array = sbatch([], slurmArray(job))
  const tasks = arrayTasks(job)
  const more = tasks < job.items ? ` for ${job.items} items, each of which takes free ones until all are done` : ''
  // at once, whatever comes of the rest
  stdout.write(`submitted: array ${array} of ${tasks} tasks${more}; logs in ${folder}/logs\n`)
  try {
    const merge = sbatch([`--dependency=afterany:${array}`], slurmMerge(job))
    stdout.write(`submitted: merge ${merge}, after it\n`)
  } catch (cause) {
    throw new InputError(
      `array ${array} is submitted, and its merge is not: ${(cause as Error).message}; when the array has ended, "saeval merge ${folder}" makes the results`,
      { cause },
    )
  }
}

/** Throws InputError for what an engine cannot take. */
export function checkSubmission(folder: string, { submit: engine, ...options }: PlanCommandOptions): void {
  const given = [['the plan', folder] as const, ...texts.map((name) => [`--${name}`, options[name]] as const)]
  const odd = given.find(([, text]) => text !== null && /\p{Cc}/u.test(text))
  if (odd !== undefined)
    throw new InputError(`--submit: ${odd[0]} holds a line break or another sign that is no letter`)
  if (engine === 'slurm' && folder.includes('\\'))
    throw new InputError(
      `--submit slurm: ${folder} holds a backslash, which Slurm's names of logs cannot; name another folder`,
    )
  if (engine !== 'k8s') return
  const slurms = (['partition', 'time'] as const).find((name) => options[name] !== null)
  if (slurms !== undefined) throw new InputError(`--${slurms} is for --submit slurm; leave it out`)
  if (isAbsolute(folder) || normalize(folder).split(/[/\\]/)[0] === '..')
    throw new InputError(
      `--submit k8s: pods see the folder that this command runs in as /work, and ${folder} is not in it; name the plan by a relative path`,
    )
}

const texts = ['partition', 'time', 'mem', 'gres', 'container'] as const

/** What Slurm allows where nobody has set it otherwise. */
const usualMostTasks = 1001

/** Tasks that an array has at most: MaxArraySize, as numbers of tasks are below it. */
function mostArrayTasks(): number {
  try {
    const said = execFileSync('scontrol', ['show', 'config'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return Number(/^MaxArraySize\s*=\s*([1-9]\d*)/m.exec(said)?.[1] ?? usualMostTasks)
  } catch {
    // it is printed here and submitted elsewhere
    return usualMostTasks
  }
}

/** Submits a script; gives the number of the job. */
function sbatch(flags: readonly string[], script: string): string {
  try {
    const said = execFileSync('sbatch', ['--parsable', ...flags], { input: script, encoding: 'utf8', stdio: 'pipe' })
    return said.trim().split(';')[0]!
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { readonly stderr?: string }
    if (code === 'ENOENT')
      throw new InputError('--submit slurm: there is no sbatch here; with --dry_run the scripts are printed', { cause })
    throw new InputError(`--submit slurm: sbatch refuses the job: ${(stderr ?? '').trim().replaceAll('\n', ' ')}`, {
      cause,
    })
  }
}
