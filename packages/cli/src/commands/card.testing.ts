import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cardStatistics } from '@saeval/experiments/internal/card/card-statistics'
import { manifestText, sha256Of } from '@saeval/experiments/internal/card/manifest'
import { readExperiment } from '@saeval/report'
import { expect } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

/** The CSV of the steered run, and where the card has it. */
export const csv = 'examples/demo/forget_dogs.csv'
export const cardCsv = `files/${csv}`
const tasks = ['--include_path', 'examples/demo/tasks', '-t', 'demo_dogs,demo_stories', '-b', 'auto']
const documents = ['-E', '{"demo_dogs": [0, 1, 2, 3], "demo_stories": [0]}']
/** No network, and nobody's token. */
export const offline = { HF_HUB_OFFLINE: '1', HF_TOKEN: '' }
/** The results of both runs, and the card of them. */
export const results = join(temporaryFolder(), 'results')
export const card = join(temporaryFolder(), 'card')

async function run(csvPath: string | null): Promise<void> {
  const model =
    csvPath === null
      ? ['--model', 'hf', '-a', 'pretrained=examples/demo/model']
      : ['--model', 'sae_steered_beta', '-a', `base_name=examples/demo/model,csv_path=${csvPath}`]
  const { code, stderr } = await runCommand(
    ['run', ...model, ...tasks, ...documents, '--device', 'cpu', '-s', '-o', results],
    offline,
  )
  expect([code, stderr]).toEqual([0, expect.any(String)])
}

/** Commands as they are typed. */
export const make = (...words: string[]) => runCommand(['card', ...words, '--device', 'cpu'], offline)
export const check = (folder: string, ...words: string[]) =>
  runCommand(['check', folder, '--seed', '3', '--device', 'cpu', ...words], offline)

/** Runs the model with and without edits, and makes the card of that. */
export async function makeDemoCard(): Promise<void> {
  await run(null)
  await run(csv)
  const { code, stdout, stderr } = await make(results, '-o', card)
  expect([code, stderr]).toEqual([0, expect.any(String)])
  expect(stdout).toContain('the files of examples/demo/model are in it')
}

/** A copy of the card with changes; `isForged` writes a manifest that fits them. */
export async function changed(change: (folder: string) => void | Promise<void>, isForged = true): Promise<string> {
  const folder = join(temporaryFolder(), 'card')
  cpSync(card, folder, { recursive: true })
  await change(folder)
  if (isForged) writeFileSync(join(folder, 'manifest.json'), await manifestText(folder))
  return folder
}

/** A change of a text of a card. */
export const edit = (path: string, from: string | RegExp, to: string) => (folder: string) => {
  const file = join(folder, path)
  const text = readFileSync(file, 'utf8')
  const after = text.replace(from, to)
  expect(after).not.toBe(text)
  writeFileSync(file, after)
}
/** A change of one value of card.json, by the names that lead to it. */
export const setIn = (names: string, value: unknown) => (folder: string) => {
  const file = join(folder, 'card.json')
  const card: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const path = names.split('.')
  const last = path.pop()!
  const place = path.reduce((part, name) => (part as Record<string, unknown>)[name], card) as Record<string, unknown>
  place[last] = value
  writeFileSync(file, JSON.stringify(card))
}
/** A change of the card's CSV, and of its hash in card.json. */
export const forgedCsv = (from: string, to: string) => async (folder: string) => {
  edit(cardCsv, from, to)(folder)
  setIn('settings.0.steering_sha256', await sha256Of(join(folder, cardCsv)))(folder)
}
/** A change of one bit. */
export const flipByte = (path: string) => (folder: string) => {
  const bytes = readFileSync(join(folder, path))
  bytes[bytes.length - 5]! ^= 0x40
  writeFileSync(join(folder, path), bytes)
}
/** Samples of the steered run. */
export function samplesOf(task: string, folder = card): string {
  const { settings } = JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')) as {
    settings: { samples: Record<string, string> }[]
  }
  return settings[0]!.samples[task]!
}
/** The results file of the steered run. */
export function resultsFile(folder = card): string {
  return samplesOf('demo_dogs', folder).replace(/samples_demo_dogs_(.*)l$/, 'results_$1')
}
/** Makes the statistics of a card, and its manifest, fit its results. */
export async function withStatistics(folder: string): Promise<void> {
  const statistics = await cardStatistics(await readExperiment(join(folder, 'results')))
  writeFileSync(join(folder, 'statistics.json'), JSON.stringify(statistics))
  writeFileSync(join(folder, 'manifest.json'), await manifestText(folder))
}
