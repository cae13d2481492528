import { describe, expect, it } from 'vitest'
import { kubernetesJob, type PlanJob, slurmArray, slurmMerge } from './submit-plan.js'

const job: PlanJob = {
  plan: 'plans/dogs',
  items: 8,
  mostTasks: 1001,
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

  it('is named as Slurm reads it: quoted, and with no pattern in the names of logs', () => {
    const script = slurmArray({ ...job, plan: 'my "50%A" plans', partition: 'long one' })
    expect(script).toContain('\n#SBATCH --output="my \\"50%%A\\" plans/logs/%a.log"\n')
    expect(script).toContain('\n#SBATCH --partition="long one"\n')
  })

  it('has tasks that take what is free where Slurm takes fewer of them than there are items', () => {
    const script = slurmArray({ ...job, items: 5000 })
    expect(script).toContain('\n#SBATCH --array=0-1000%3\n')
    expect(script).toMatch(/\nunset SLURM_ARRAY_TASK_ID\nexec saeval work plans\/dogs\n$/)
  })

  it('is an Indexed Job of Kubernetes', () => {
    const text = kubernetesJob({ ...job, container: 'ghcr.io/me/saeval:1' })
    for (const part of [
      'completionMode: Indexed',
      'completions: 8',
      'parallelism: 3',
      'image: ghcr.io/me/saeval:1',
      '- { name: HF_HOME, value: /work/.cache/huggingface }',
      'secretKeyRef: { name: saeval, key: HF_TOKEN, optional: true }',
      // what is given wrong stays wrong, and an eviction is nobody's fault
      'onExitCodes: { containerName: saeval, operator: In, values: [2] }',
      '- action: Ignore\n        onPodConditions: [{ type: DisruptionTarget, status: "True" }]',
      'backoffLimitPerIndex: 3',
    ])
      expect(text).toContain(part)
    expect(text).toContain('limits: { memory: 16G, nvidia.com/gpu: 2 }')
    const other = kubernetesJob({ ...job, mem: null, gres: null, container: 'a: "b"' })
    expect(other).not.toContain('resources:')
    expect(other).toContain('image: "a: \\"b\\""')
  })
})
