// See README.md. Starts munge, slurmctld and two slurmd on this machine, calls back, and ends them: everything lies in one folder.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const programs = ['slurmctld', 'slurmd', 'sbatch', 'munged']

function has(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: withSbin() }).status === 0
}

function withSbin() {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
}

/** Why there is no Slurm to be started here; null where there is. */
export function missingSlurm() {
  if (process.getuid?.() !== 0) return 'Slurm needs root'
  const missing = programs.filter((program) => !has(program))
  return missing.length === 0 ? null : `${missing.join(', ')} of Slurm are not installed`
}

/** Two nodes of loopback ports. `port` is the first of four. Jobs that do not ask for it are not put back into the queue. A task that is put back into the queue waits for `cred_expire`: two minutes by default. */
function configuration(folder, port) {
  const nodes = [1, 2].map(
    (node) =>
      `NodeName=n${node} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${port + node} CPUs=${availableParallelism()} State=UNKNOWN`,
  )
  return `ClusterName=saeval
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${port}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket,cred_expire=15
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool.%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.%n.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
SchedulerParameters=sched_interval=2,batch_sched_delay=0
JobRequeue=0
MailProg=/bin/true
${nodes.join('\n')}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:2
`
}

const reading = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const nameOf = (pid) => reading(`/proc/${pid}/comm`).trim()

/** Processes that have all of these in their environment. */
function processesOf(variables) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const own = reading(`/proc/${pid}/environ`).split('\0')
    if (!variables.every((variable) => own.includes(variable))) return []
    return [{ pid: Number(pid), parent: Number(/^PPid:\s*(\d+)/m.exec(reading(`/proc/${pid}/status`))?.[1]) }]
  })
}

function endProcess(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended
  }
}

/** Runs `use` beside a Slurm of two nodes; it is given the environment for Slurm's programs and functions to look and to break things. */
export async function withSlurm(use) {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-slurm-'))
  const children = new Map()
  const env = { ...withSbin(), SLURM_CONF: join(folder, 'slurm.conf') }
  const start = (name, program, args) => {
    const child = spawn(program, args, { env, stdio: 'ignore' })
    children.set(name, child)
    return child
  }
  const slurm = (program, ...args) => execFileSync(program, args, { env, encoding: 'utf8' })
  try {
    mkdirSync(join(folder, 'state'))
    writeFileSync(join(folder, 'munge.key'), randomBytes(1024), { mode: 0o400 })
    writeFileSync(env.SLURM_CONF, configuration(folder, 20_000 + (process.pid % 10_000) * 4))
    chmodSync(folder, 0o755)
    start('munge', 'munged', [
      '--foreground',
      '--force',
      `--key-file=${folder}/munge.key`,
      `--socket=${folder}/munge.socket`,
      `--pid-file=${folder}/munge.pid`,
      `--seed-file=${folder}/munge.seed`,
      `--log-file=${folder}/munge.log`,
    ])
    await wait(500)
    start('controller', 'slurmctld', ['-D', '-c'])
    const node = (name) => start(name, 'slurmd', ['-D', '-N', name])
    node('n1')
    node('n2')
    for (let tries = 0; ; tries++) {
      const said = spawnSync('sinfo', ['-h', '-o', '%T %D'], { env, encoding: 'utf8' }).stdout ?? ''
      if (/^idle 2$/m.test(said)) break
      if (tries === 60) throw new Error(`Slurm does not start: ${said} (${folder})`)
      await wait(500)
    }
    return await use({
      folder,
      env,
      slurm,
      /** Ends a node's daemon and what it runs, as a node that loses its power does. */
      kill: (name) => {
        children.get(name).kill('SIGKILL')
        const own = processesOf([`SLURMD_NODENAME=${name}`, `SLURM_CONF=${env.SLURM_CONF}`])
        // the keeper of a job first, which would tell of its end
        const keepers = new Set(own.map(({ parent }) => parent).filter((pid) => nameOf(pid) === 'slurmstepd'))
        for (const pid of [...keepers, ...own.map(({ pid }) => pid)]) endProcess(pid)
      },
      node,
    })
  } finally {
    spawnSync('scancel', ['--partition=main', '--full', '--signal=KILL'], { env })
    for (const child of children.values()) child.kill('SIGKILL')
    await wait(300)
    rmSync(folder, { recursive: true, force: true })
  }
}
