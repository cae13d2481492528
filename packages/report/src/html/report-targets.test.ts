import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { writeRun } from '../results/fake-sweep.testing.js'
import { readExperiment } from '../results/read-experiment.js'
import { renderReport } from './render-report.js'

it('takes a group as target: its tasks are no harm, and it has a p of its own', async () => {
  const folder = temporaryFolder()
  const run = (name: string, args: object, pets: number) => {
    const right = (count: number) => Array.from({ length: 40 }, (_, index) => Number(index < count))
    const path = writeRun(join(folder, name), args, { cars: right(40), cats: right(pets), dogs: right(pets) })
    const file = JSON.parse(readFileSync(path, 'utf8'))
    file.results.pets = { alias: 'pets', sample_len: 80, 'acc,none': pets / 40, 'acc_stderr,none': 0 }
    file.group_subtasks.pets = ['cats', 'dogs']
    file.higher_is_better.pets = { acc: true }
    writeFileSync(path, JSON.stringify(file))
  }
  run('a', { pretrained: 'tiny' }, 40)
  run('b', { base_name: 'tiny', csv_path: 'x.csv' }, 10)
  const { html } = await renderReport(await readExperiment(folder), { target: 'pets:down', withoutSamples: true })
  expect(html).toContain('Wanted: to lower <b>pets</b>.')
  const [effects = ''] = /id="metric-0-effects".*?<\/thead>/s.exec(html) ?? []
  expect(
    [...effects.matchAll(/data-name="([^"]*)"[^>]*><span>[^<]*<\/span>(?: <small>([^<]*))?/g)].map((one) =>
      one.slice(1),
    ),
  ).toEqual([
    ['setting', undefined],
    ['pets', 'target, wanted down'],
    ['cats', 'of the target'],
    ['dogs', 'of the target'],
    ['cars', undefined],
  ])
  expect(html).toMatch(/data-label="cats" class="good s5"/)
  expect(html).toContain('p\u00a0&lt;\u00a00.0001, not in the family')
  expect(html).toContain('data-label="largest harm elsewhere" class="text" data-v="none"')
})

it('says where a metric does not have the target, and wants nothing there', async () => {
  const folder = temporaryFolder()
  const run = (name: string, args: object, sums: readonly number[]) => {
    const path = writeRun(join(folder, name), args, { dogs: [1, name === 'a' ? 1 : 0], sums })
    const samples = path.replace('results_', 'samples_sums_').replace(/json$/, 'jsonl')
    for (const file of [path, samples]) {
      const text = readFileSync(file, 'utf8')
      const own =
        file === path
          ? text.replace(/("sums":\{[^}]*?)acc,none([^}]*?)acc_stderr/, '$1exact_match,none$2exact_match_stderr')
          : text.replaceAll('"acc"', '"exact_match"')
      writeFileSync(file, own.replace('"sums":{"acc":true', '"sums":{"exact_match":true'))
    }
  }
  run('a', { pretrained: 'tiny' }, Array(40).fill(1))
  run('b', { base_name: 'tiny', csv_path: 'x.csv' }, Array(40).fill(0))
  const { html } = await renderReport(await readExperiment(folder), { target: 'dogs:down' })
  expect(html.match(/Wanted: to [^.]*/g)).toEqual(['Wanted: to lower <b>dogs</b>'])
  expect(html).toContain('dogs has no exact_match: nothing is wanted here')
  // all wrong in place of all right is no success
  expect(html).toMatch(/data-label="sums" class="bad s5" data-v="0"/)
  // whether the right choice is what would be written: guessing among choices says nothing of it
  expect(html.match(/guessing<\/span>/g)).toHaveLength(1)
})
