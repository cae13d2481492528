import { execFile } from 'node:child_process'

/** Megabytes that Python's own memory and JavaScript's beside it may grow to. */
const memory = { python: 768, javascript: 128 }
const page = 65_536

/** How a JavaScript program is started behind walls. */
export interface Walled {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * The command that runs a JavaScript file behind what this system has of walls: Node's permission model, so that only `readable` files
 * and folders are read and nothing is written or started; no code made of texts; limited memory; where there is a shell, no files
 * written and few opened; on Linux, where the user may, a network of its own with nothing in it.
 */
export function walled(file: string, argument: string, readable: readonly string[]): Walled {
  const flags = [
    `${process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'}`,
    ...readable.map((path) => `--allow-fs-read=${path}`),
    '--disallow-code-generation-from-strings',
    '--no-addons',
    '--no-warnings',
    `--max-old-space-size=${memory.javascript}`,
    `--wasm-max-mem-pages=${(memory.python << 20) / page}`,
  ]
  const program = [process.execPath, ...flags, file, argument]
  if (process.platform === 'win32') return { command: program[0]!, args: program.slice(1) }
  return { command: '/bin/sh', args: ['-c', limits, 'sh', ...program] }
}

// what cannot be had is left out; with `setpriv` it also ends where this process is killed
const limits = `ulimit -f 0; ulimit -c 0; ulimit -n 64
setpriv --pdeathsig KILL true 2>/dev/null && set -- setpriv --pdeathsig KILL "$@"
unshare -rn true 2>/dev/null && set -- unshare -rn "$@"
exec "$@"`

/** Whether this runtime has Node's permission model; Bun and Deno have not. */
export function hasPermissionModel(): boolean {
  return !('bun' in process.versions || 'deno' in process.versions)
}

/** Takes from a process that has started the right to start others or threads, where the system has `prlimit`. */
export function forbidProcesses(pid: number): void {
  execFile('prlimit', ['--pid', String(pid), '--nproc=0'], () => {})
}
