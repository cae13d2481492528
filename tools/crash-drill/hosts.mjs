// What makes a process of this machine one of another host: its clock, its process ids, its disk.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Environment of a process whose clock is so many seconds ahead; files keep the times that their disk gives them. null without Debian's libfaketime. */
export function clockAhead(seconds) {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib').map((name) => join('/usr/lib', name)) : []
  const library = folders.map((name) => join(name, 'faketime/libfaketimeMT.so.1')).find((path) => existsSync(path))
  if (library === undefined) return null
  const offset = seconds < 0 ? `${seconds}` : `+${seconds}`
  return { LD_PRELOAD: library, FAKETIME: offset, NO_FAKE_STAT: '1', DONT_FAKE_MONOTONIC: '1' }
}

/** Words that start a program with process ids of its own, it being 1, and everything below it ended with them. null where that is not permitted. */
export function ownProcessIds() {
  const words = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
  return spawnSync(words[0], [...words.slice(1), 'true']).status === 0 ? words : null
}

/** Words that start a shell's script with mounts of its own; null where that is not permitted. */
export function ownMounts() {
  const words = ['unshare', '--mount', 'sh', '-c']
  const mount = 'mount -t tmpfs -o size=1m tmpfs /tmp'
  return spawnSync(words[0], [...words.slice(1), mount]).status === 0 ? words : null
}

/** The process that another one has started. */
export function childOf({ pid }) {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0])
}
