import type { ChildProcess } from 'node:child_process'

/** Command lines on the demo's model, in a folder of `newFolder`. */
export const commands: Readonly<
  Record<'run' | 'sweep' | 'sweep --use_cache' | 'sweep that is planned', readonly string[]>
>

/** The way of the last one in parts. */
export const parts: Readonly<Record<'plan' | 'work' | 'merge', readonly string[]>>

/** A folder that a command runs in. */
export function newFolder(): string

/** Runs a command line in a folder, started by the words `before`. Gives its exit code or signal, standard error and when it ended. */
export function runIn(
  folder: string,
  argv: readonly string[],
  options?: {
    readonly env?: Readonly<Record<string, string>>
    readonly before?: readonly string[]
    readonly meanwhile?: (child: ChildProcess, stderr: () => string) => Promise<void>
  },
): Promise<{ readonly end: number | string; readonly endedAt: number; readonly stderr: string }>
