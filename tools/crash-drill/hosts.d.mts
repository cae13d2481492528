import type { ChildProcess } from 'node:child_process'

/** Environment of a process whose clock is so many seconds ahead; null without Debian's libfaketime. */
export function clockAhead(seconds: number): Readonly<Record<string, string>> | null

/** Words that start a program with process ids of its own; null where that is not permitted. */
export function ownProcessIds(): readonly string[] | null

/** Words that start a shell's script with mounts of its own; null where that is not permitted. */
export function ownMounts(): readonly string[] | null

/** The process that another one has started. */
export function childOf(parent: ChildProcess): number
