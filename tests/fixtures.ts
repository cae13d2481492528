import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))

/** The full set beside the checkout, or the core set that the repository carries: same layout, read-only. */
const roots = [join(repository, '..', 'shared', 'fixtures'), join(repository, 'fixtures')]

/** Whether a fixture is there; the full set is not on every clone, so suites that need it run only where it is. */
export function hasFixture(path: string): boolean {
  return roots.some((root) => existsSync(join(root, path)))
}

/** Absolute path of a fixture, given relative to the fixtures folder. */
export function fixturePath(path: string): string {
  const root = roots.find((folder) => existsSync(join(folder, path)))
  if (root === undefined) throw new Error(`no fixture ${path}`)
  return join(root, path)
}

/** A fixture parsed as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: goldens are data of many shapes
export function fixtureJson(path: string): any {
  return JSON.parse(readFileSync(fixturePath(path), 'utf8'))
}

/** The trained model of the examples, with its SAEs and tasks: read-only. */
export const demoFolder = join(repository, 'examples', 'demo')

const temporaryFolders: string[] = []

// each test file has a copy of this module; hooks run last to first, so the file's own come before this one
afterAll(() => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

/** A new folder that the test may write into; it is gone when the tests of the file have run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-test-'))
  temporaryFolders.push(folder)
  return folder
}

/** A writable HF_HOME that holds copies of the named repositories ("models--google--gemma-2-2b", "datasets--cais--mmlu"). */
export function copyHfHome(repositories: readonly string[]): string {
  const home = temporaryFolder()
  for (const name of repositories) {
    cpSync(fixturePath(join('hf-home', 'hub', name)), join(home, 'hub', name), { recursive: true })
  }
  return home
}
