import { describe, expect, it } from 'vitest'
import { kubernetesJob, type PlanJob, slurmArray, slurmMerge } from './submit-plan.js'

const job: PlanJob = {
  plan: 'plans/dogs',
  items: 8,
  program: 'saeval',
  partition: null,
  time: '4:00:00',
  mem: '16G',
  gres: 'gpu:2',
  container: null,
  parallel: 3,
}

describe('a plan that is submitted', () => {
  it('is an array of Slurm, and a merge', () => {
    expect(slurmArray(job)).toBe(
      [
        '#!/bin/bash',
        '#SBATCH --job-name=saeval',
        '#SBATCH --array=0-7%3',
        '#SBATCH --requeue',
        '#SBATCH --open-mode=append',
        '#SBATCH --output=plans/dogs/logs/%a.log',
        '#SBATCH --time=4:00:00',
        '#SBATCH --mem=16G',
        '#SBATCH --gres=gpu:2',
        'exec saeval work plans/dogs',
        '',
      ].join('\n'),
    )
    expect(slurmMerge({ ...job, plan: "a b's" })).toContain("\nexec saeval merge 'a b'\\''s'\n")
  })

  it('is an Indexed Job of Kubernetes', () => {
    const text = kubernetesJob({ ...job, container: 'ghcr.io/me/saeval:1' })
    for (const part of ['completionMode: Indexed', 'completions: 8', 'parallelism: 3', 'image: ghcr.io/me/saeval:1'])
      expect(text).toContain(part)
    expect(text).toContain('limits: { memory: 16G, nvidia.com/gpu: 2 }')
    expect(kubernetesJob({ ...job, mem: null, gres: null })).not.toContain('resources:')
  })
})
