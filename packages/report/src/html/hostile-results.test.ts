import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { fakeSweep, writeRun } from '../results/fake-sweep.testing.js'
import { readExperiment } from '../results/read-experiment.js'
import { renderReport } from './render-report.js'
import { collectSamples } from './samples.js'

const date = '2026-01-02T03-04-05.000006'
const evil = `<script>alert(1)</script>' + (40+2) + '"`

/** The page of two runs whose results files are changed first. */
// biome-ignore lint/suspicious/noExplicitAny: what a results file holds
async function pageOf(change: (file: any) => void): Promise<string> {
  const folder = temporaryFolder()
  for (const name of ['a', 'b']) {
    const args = name === 'a' ? { pretrained: 'tiny' } : { base_name: 'tiny', csv_path: 'x.csv' }
    const path = writeRun(join(folder, name), args, { dogs: [1, 0], cats: [1, 1] })
    const file = JSON.parse(readFileSync(path, 'utf8'))
    change(file)
    writeFileSync(path, JSON.stringify(file).replace('"DEEP"', `${'['.repeat(50_000)}${']'.repeat(50_000)}`))
  }
  return (await renderReport(await readExperiment(folder))).html
}

it('shows names that are code as text, and lets the browser run its own scripts alone', async () => {
  const html = await pageOf((file) => {
    file.results[evil] = { ...file.results.dogs, alias: evil, [`${evil},none`]: 0.5 }
    file.config.model_args.note = evil
    file.saeval = { command: `saeval ${evil} https://me:secret@host/x` }
  })
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(html).not.toContain('<script>alert')
  expect(html).toContain('https://***@host/x')
  expect(html).not.toContain('secret')
  expect(html).toMatch(
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src( 'sha256-[\w+/=]+'){5}; base-uri 'none'; form-action 'none'">/,
  )
})

it('shows groups that hold themselves, deep records, dates that are none', async () => {
  const html = await pageOf((file) => {
    file.results.g = { 'acc,none': 0.5 }
    file.group_subtasks = { g: ['g', 'h', 'dogs'], h: ['g'] }
    file.date = 1e300
    file.saeval = { deep: 'DEEP' }
  })
  expect(html).toContain('<dt>date</dt><dd><span>unknown</span></dd>')
})

it('charts only the first of very many metrics', async () => {
  const html = await pageOf((file) => {
    for (let index = 0; index < 200; index++)
      for (const task of ['dogs', 'cats']) file.results[task][`m${index},none`] = index
  })
  expect(html.split('<figure ').length - 1).toBe(20)
  expect(html).toContain('Only the first 20 metrics have charts.')
})

it('keeps as many documents as a page can hold', async () => {
  const folder = temporaryFolder()
  const path = writeRun(folder, { pretrained: 'tiny' }, { dogs: [1] })
  const line = readFileSync(join(folder, `samples_dogs_${date}.jsonl`), 'utf8').trim()
  const lines = Array.from({ length: 20_005 }, (_, id) => line.replace('"doc_id":0', `"doc_id":${id}`))
  writeFileSync(join(folder, `samples_dogs_${date}.jsonl`), lines.join('\n'))
  const { baseline } = await readExperiment(path)
  const { documents, omitted } = await collectSamples([baseline!])
  expect([documents.length, omitted]).toEqual([20_000, 5])
})

it('ends where it is told to', async () => {
  const experiment = await readExperiment(fakeSweep([0, 20], 4))
  await expect(renderReport(experiment, { signal: AbortSignal.abort() })).rejects.toThrow(/aborted/)
})

it('reads nothing but files, and none outside of a sweep', async () => {
  const folder = temporaryFolder()
  const refused = async (path: string, message: RegExp) => {
    const error: unknown = await readExperiment(path).catch((cause: unknown) => cause)
    expect(InputError.isInstance(error)).toBe(true)
    expect((error as Error).message).toMatch(message)
  }
  execFileSync('mkfifo', [join(folder, 'results_x.json')])
  await refused(folder, /results_x\.json is not a file/)
  await refused('/dev/zero', /\/dev\/zero/)
  for (const results of ['../results_x.json', '/../../dev/zero']) {
    const cell = { id: '', parameters: {}, results: { dogs: results } }
    writeFileSync(join(folder, 'sweep.json'), JSON.stringify({ tasks: ['dogs'], baseline: cell, cells: [] }))
    await refused(folder, /names results outside of it: "/)
  }
})
