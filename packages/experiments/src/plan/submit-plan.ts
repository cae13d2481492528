/** What a job of a cluster is given, as its engine words it. */
export interface JobResources {
  /** Of Slurm: partition, time ("4:00:00"), memory ("16G"), generic resources ("gpu:1"). */
  readonly partition: string | null
  readonly time: string | null
  readonly mem: string | null
  readonly gres: string | null
  /** Image that the job runs in: of Slurm's --container, or of Kubernetes. */
  readonly container: string | null
  /** Items at the same time at most. */
  readonly parallel: number | null
}

/** A plan as a job. */
export interface PlanJob extends JobResources {
  /** Folder of the plan. */
  readonly plan: string
  readonly items: number
  /** How the program is called there, in words of a shell. */
  readonly program: string
}

/**
 * A script for sbatch: an array with a task for each item, put back into the queue when its node fails or it is preempted. Its standard output is in the
 * plan's folder.
 */
export function slurmArray({ plan, items, program, parallel, ...resources }: PlanJob): string {
  const lines = [
    `--job-name=saeval`,
    `--array=0-${items - 1}${parallel === null ? '' : `%${parallel}`}`,
    '--requeue',
    '--open-mode=append',
    `--output=${plan}/logs/%a.log`,
    ...options(resources),
  ]
  return script(lines, `${program} work ${shellWord(plan)}`)
}

/** A script for sbatch that merges a plan: to be submitted with a dependency on the array. Where items are missing it says which, and fails. */
export function slurmMerge({ plan, program, ...resources }: PlanJob): string {
  const lines = ['--job-name=saeval-merge', '--requeue', `--output=${plan}/logs/merge.log`, ...options(resources)]
  return script(lines, `${program} merge ${shellWord(plan)}`)
}

/** An Indexed Job of Kubernetes: a pod for each item, with the disk of the claim `saeval` at /work. Pods that fail are started again. */
export function kubernetesJob({ plan, items, program, parallel, mem, gres, container }: PlanJob): string {
  const limits = [...(mem === null ? [] : [`memory: ${mem}`]), ...(gres === null ? [] : [gpuLimit(gres)])]
  const command = ['sh', '-c', `${program} work ${shellWord(plan)}`]
  return `apiVersion: batch/v1
kind: Job
metadata:
  generateName: saeval-
spec:
  completionMode: Indexed
  completions: ${items}
  parallelism: ${Math.min(items, parallel ?? items)}
  backoffLimit: ${Math.max(6, 2 * items)}
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: saeval
          image: ${container ?? 'node:22'}
          command: ${JSON.stringify(command)}
          workingDir: /work
          volumeMounts:
            - { name: work, mountPath: /work }
${limits.length === 0 ? '' : `          resources:\n            limits: { ${limits.join(', ')} }\n`}      volumes:
        - name: work
          persistentVolumeClaim: { claimName: saeval }
`
}

function gpuLimit(gres: string): string {
  const count = gres.split(':').at(-1)!
  return `nvidia.com/gpu: ${/^\d+$/.test(count) ? count : 1}`
}

function options(resources: Omit<JobResources, 'parallel'>): string[] {
  return (['partition', 'time', 'mem', 'gres', 'container'] as const).flatMap((name) => {
    const value = resources[name]
    return value === null ? [] : [`--${name}=${value}`]
  })
}

function script(lines: readonly string[], command: string): string {
  return `#!/bin/bash\n${lines.map((line) => `#SBATCH ${line}\n`).join('')}exec ${command}\n`
}

/** A word as a shell reads it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
