import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process among all that share a disk. A process id alone means something on its own host only, as long as that is not started anew. */
export interface ProcessIdentity {
  readonly host: string
  /** Linux' id of this start of the host; "" where the system tells none. */
  readonly boot: string
  /** The namespace that process ids count in (containers have their own); "" where the system tells none. */
  readonly namespace: string
  readonly pid: number
  /** When the process began, in ticks since the host's start; "" where the system tells none. Ids are given again. */
  readonly started: string
  /** Of this one owner: no other has it, in this process or another. */
  readonly token: string
}

/** Who this process is, with a token of its own at each call. */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process
  return { ...placeOf(), pid, started: startOf(pid) ?? '', token: randomBytes(8).toString('hex') }
}

/** Whether a process has certainly ended: it is one of this start of this host, and is not there any more. Of others nothing is known here. */
export function hasEnded(other: ProcessIdentity): boolean {
  const own = placeOf()
  if (own.host !== other.host || own.boot !== other.boot || own.namespace !== other.namespace) return false
  if (!isAlive(other.pid)) return true
  const started = startOf(other.pid)
  return started !== null && other.started !== '' && started !== other.started
}

function placeOf(): Pick<ProcessIdentity, 'host' | 'boot' | 'namespace'> {
  return {
    host: hostname(),
    boot: (reading(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '').trim(),
    namespace: reading(() => readlinkSync('/proc/self/ns/pid')) ?? '',
  }
}

/**
 * Field 22 of /proc/PID/stat (proc(5)); the name in field 2 may hold blanks and brackets. null where there is none, and where /proc counts processes of
 * another namespace: there this id is another process.
 */
function startOf(pid: number): string | null {
  if (reading(() => readlinkSync('/proc/self')) !== String(process.pid)) return null
  const stat = reading(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function reading(read: () => string): string | null {
  try {
    return read()
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
