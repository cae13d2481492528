import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { kubernetesJob, type PlanJob, readPlan, shellWord, slurmArray, slurmMerge } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import type { PlanCommandOptions } from './plan-options.js'
import type { Surroundings } from './run.js'

/** `saeval plan PLAN --submit slurm|k8s`: submits a plan that is made, or prints what would be submitted. */
export function submit(folder: string, options: PlanCommandOptions, { stdout }: Surroundings): void {
  const { items } = readPlan(folder)
  const { partition, time, mem, gres, container, parallel } = options
  // in an image this program lies elsewhere
  const isElsewhere = container !== null || options.submit === 'k8s'
  const own = [process.execPath, fileURLToPath(new URL('../bin.js', import.meta.url))]
  const job: PlanJob = {
    plan: folder,
    items: items.length,
    program: isElsewhere ? 'npx -y saeval' : own.map(shellWord).join(' '),
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
  const merge = sbatch([`--dependency=afterany:${array}`], slurmMerge(job))
  stdout.write(`submitted: array ${array} of ${items.length} tasks, then merge ${merge}; logs in ${folder}/logs\n`)
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
