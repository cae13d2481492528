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

/** A plan as a job. No text holds a control character. */
export interface PlanJob extends JobResources {
  /** Folder of the plan; for Kubernetes relative to the shared disk. */
  readonly plan: string
  readonly items: number
  /** Tasks that an array of this Slurm has at most (MaxArraySize). */
  readonly mostTasks: number
  /** How the program is called there, in words of a shell. */
  readonly program: string
}

/** Tasks of the array of a plan: one for each item, as far as Slurm takes so many. */
export function arrayTasks({ items, mostTasks }: Pick<PlanJob, 'items' | 'mostTasks'>): number {
  return Math.min(items, mostTasks)
}

/**
 * A script for sbatch: an array with a task for each item, put back into the queue when its node fails or it is preempted. Where Slurm takes fewer tasks than there are
 * items, each takes free items until all are done. Its standard output is in the plan's folder.
 */
export function slurmArray({ plan, items, mostTasks, program, parallel, ...resources }: PlanJob): string {
  const tasks = arrayTasks({ items, mostTasks })
  const lines = [
    'job-name=saeval',
    `array=0-${tasks - 1}${parallel === null ? '' : `%${parallel}`}`,
    'requeue',
    'open-mode=append',
    output(plan, '%a.log'),
    ...options(resources),
  ]
  // a task without a number is none of an array's
  const before = tasks < items ? ['unset SLURM_ARRAY_TASK_ID'] : []
  return script(lines, [...before, `exec ${program} work ${shellWord(plan)}`])
}

/** A script for sbatch that merges a plan: to be submitted with a dependency on the array. Where items are missing it says which, and fails. */
export function slurmMerge({ plan, program, ...resources }: PlanJob): string {
  const lines = ['job-name=saeval-merge', 'requeue', output(plan, 'merge.log'), ...options(resources)]
  return script(lines, [`exec ${program} merge ${shellWord(plan)}`])
}

/** Times that an item is begun again: what is wrong for good is not tried so often (exit code 2), and what an eviction ends does not count. */
const retries = 3

/**
 * An Indexed Job of Kubernetes 1.29 or newer: a pod for each item, with the disk of the claim `saeval` at /work, where the Hugging Face cache lies too, and the token of the
 * secret `saeval`, if there is one. Pods that fail are started again, but not for what was given wrong.
 */
export function kubernetesJob({ plan, items, program, parallel, mem, gres, container }: PlanJob): string {
  const limits = [...(mem === null ? [] : [`memory: ${yamlWord(mem)}`]), ...(gres === null ? [] : [gpuLimit(gres)])]
  const command = ['sh', '-c', `${program} work ${shellWord(plan)}`]
  return `apiVersion: batch/v1
kind: Job
metadata:
  generateName: saeval-
spec:
  completionMode: Indexed
  completions: ${items}
  parallelism: ${Math.min(items, parallel ?? items)}
  backoffLimitPerIndex: ${retries}
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions: [{ type: DisruptionTarget, status: "True" }]
      - action: FailIndex
        onExitCodes: { containerName: saeval, operator: In, values: [2] }
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: saeval
          image: ${yamlWord(container ?? 'node:22')}
          command: ${JSON.stringify(command)}
          workingDir: /work
          env:
            - { name: HF_HOME, value: /work/.cache/huggingface }
            - { name: HF_TOKEN, valueFrom: { secretKeyRef: { name: saeval, key: HF_TOKEN, optional: true } } }
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

function options(resources: Pick<JobResources, 'partition' | 'time' | 'mem' | 'gres' | 'container'>): string[] {
  return (['partition', 'time', 'mem', 'gres', 'container'] as const).flatMap((name) => {
    const value = resources[name]
    return value === null ? [] : [`${name}=${batchWord(value)}`]
  })
}

/** Where Slurm writes what a job says: a pattern, in which %a is the task's number and %% a percent sign. */
function output(plan: string, name: string): string {
  return `output=${batchWord(`${plan.replaceAll('%', '%%')}/logs/${name}`)}`
}

function script(directives: readonly string[], commands: readonly string[]): string {
  return ['#!/bin/bash', ...directives.map((line) => `#SBATCH --${line}`), ...commands, ''].join('\n')
}

const plain = /^[\w@%+=:,./-]+$/

/** A word as a shell reads it. */
export function shellWord(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** A word as sbatch reads it in a script's directives: quotes hold blanks, and a backslash takes the next character as it is. */
function batchWord(word: string): string {
  return plain.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`
}

function yamlWord(word: string): string {
  return /^[\w./@-]+(:[\w./@-]+)*$/.test(word) ? word : JSON.stringify(word)
}
