import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, it } from 'vitest'
import type { TestNeeds } from './skipped-reporter.js'

/** The root of the checkout. */
export const repository = dirname(dirname(fileURLToPath(import.meta.url)))

/** The full set beside the checkout, or the core set that the repository carries: same layout, read-only. */
const roots = [join(repository, '..', 'shared', 'fixtures'), join(repository, 'fixtures')]

/** Whether a fixture is there; the full set is not on every clone. */
export function hasFixture(path: string): boolean {
  return roots.some((root) => existsSync(join(root, path)))
}

/** Options of a test or suite that needs a fixture of the full set: it is skipped on other clones, and the end of the run says so. */
export function needsFixture(path: string): TestNeeds {
  return needs('the full set of fixtures (fixtures/README.md)', hasFixture(path))
}

/** As needsFixture, for a model, dataset or SAE of the Hub: "google/gemma-2-2b". */
export function needsModel(name: string): TestNeeds {
  return needsFixture(cached(name))
}

/** Of several cases those whose fixture is there; each of the others stands in the run as one skipped test. */
export function casesHere<T>(cases: readonly T[], path: (item: T) => string): T[] {
  return cases.filter((item) => {
    const options = needsFixture(path(item))
    if (options.skip) it(`everything with ${path(item)}`, options, () => {})
    return !options.skip
  })
}

/** As casesHere, for models of the Hub. */
export function modelsHere(names: readonly string[]): string[] {
  return casesHere(names, cached)
}

/** Options of a test or suite that needs something which is or is not there. */
export function needs(what: string, isHere: boolean): TestNeeds {
  return isHere ? {} : { skip: true, meta: { needs: what } }
}

/** Options of a test or suite that takes too long for every change: .ci/nightly runs it, with what else it needs. */
export function nightly(more: TestNeeds = {}): TestNeeds {
  return env.SAEVAL_NIGHTLY === '1' ? more : needs('SAEVAL_NIGHTLY=1', false)
}

/** The HF_HOME that holds a model of the fixtures: some are in the core set alone, whose stand-ins the larger set does not repeat. */
export function hfHomeOf(model: string): string {
  return fixturePath(cached(model)).slice(0, -cached(model).length + 'hf-home'.length)
}

function cached(model: string): string {
  return `hf-home/hub/models--${model.replaceAll('/', '--')}`
}

/** A model of GPT-2's architecture in the fixtures' HF_HOME: GPT-2's stand-in, or one of fewer tokens where the full set is not there. */
export const gpt2 = hasFixture(cached('openai-community/gpt2')) ? 'openai-community/gpt2' : 'fixture/gpt2'

/** Folder with the files of a model of the fixtures' HF_HOME. */
export function modelFolder(name: string): string {
  const snapshots = fixturePath(join(cached(name), 'snapshots'))
  return join(snapshots, readdirSync(snapshots)[0]!)
}

/** Absolute path of a fixture, given relative to the fixtures folder. */
export function fixturePath(path: string): string {
  const root = roots.find((folder) => existsSync(join(folder, path)))
  if (root === undefined) throw new Error(`no fixture ${path}`)
  return join(root, path)
}

/** Names of what is in a folder of the fixtures, in the full set or the core set. */
export function fixtureNames(path: string): string[] {
  const folders = roots.map((root) => join(root, path)).filter(existsSync)
  return [...new Set(folders.flatMap((folder) => readdirSync(folder)))].sort()
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
