// What the installers of this folder share. Each fills a folder of the cache once and prints the path of a file of environment variables.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { promisify } from 'node:util'

const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'saeval-test-devices')

/** What this machine cannot have: one line, no stack. */
export class NotHere extends Error {}

/** What a command prints; throws NotHere with the last line of its complaint. */
export async function run(command, ...words) {
  try {
    return (await promisify(execFile)(command, words, { maxBuffer: 2 ** 28 })).stdout
  } catch (error) {
    if (error.code === 'ENOENT') throw new NotHere(`there is no ${command}`)
    const lines = `${error.stderr ?? ''}`.trim().split('\n')
    throw new NotHere(`${command} failed: ${lines.findLast((line) => line !== '') ?? error.message}`)
  }
}

/**
 * The folder of that name in the cache. Where it is not there it is made by `fill(unfinished, finished)`: files go into the first folder, which
 * then becomes the second. The name has a version in it: what is there is taken as it is.
 */
export async function cached(name, fill) {
  const finished = join(cache, name)
  if (existsSync(finished)) return finished
  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(join(cache, `${name}.`))
  try {
    await fill(unfinished, finished)
    renameSync(unfinished, finished)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // another process was faster
    if (!existsSync(finished)) throw error
  }
  return finished
}

/** Prints the file with the environment that `install()` returns; where it throws NotHere, one line on standard error instead. */
export async function prepare(what, install) {
  try {
    const { folder, environment } = await install()
    const file = join(folder, 'env')
    writeFileSync(
      file,
      Object.entries(environment)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    console.log(file)
  } catch (error) {
    if (!(error instanceof NotHere)) throw error
    console.error(`no ${what} here: ${error.message}`)
  }
}
