import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What lm_eval records of the working directory: `git describe --always`, else the commit that .git names; null where there is neither. */
export function gitHash(folder: string): string | null {
  try {
    return execFileSync('git', ['describe', '--always'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return headCommit(folder)
  }
}

/** The commit that a folder's own .git has checked out on a branch, as lm_eval reads it; null otherwise. */
export function headCommit(folder: string): string | null {
  try {
    let git = join(folder, '.git')
    const lastWord = (path: string) => readFileSync(path, 'utf8').split('\n')[0]!.split(' ').at(-1)!
    // of a submodule or a work tree it is a file that names the folder
    if (statSync(git).isFile()) git = resolve(folder, lastWord(git))
    if (!existsSync(join(git, 'HEAD'))) return null
    return readFileSync(join(git, lastWord(join(git, 'HEAD'))), 'utf8').replaceAll('\n', '')
  } catch {
    return null
  }
}
