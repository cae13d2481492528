import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { writeRun } from '../../../report/src/results/fake-sweep.testing.js'
import { openFolder } from '../ui-folder.js'
import { latentPage } from './latent-page.js'

/** A run whose samples of "tales" are texts. */
function writeTold(folder: string, args: object, coefficient: number | null, sae: string, story: string): void {
  const path = writeRun(folder, args, { dogs: [1, 0], tales: [1, 1] })
  const samples = path.replace('results_', 'samples_tales_').replace(/json$/, 'jsonl')
  const lines = readFileSync(samples, 'utf8').trim().split('\n')
  const told = lines.map((line) => {
    const sample = JSON.parse(line)
    return JSON.stringify({ ...sample, arguments: { a: { arg_0: 'Once <b>', arg_1: {} } }, filtered_resps: [story] })
  })
  writeFileSync(samples, told.join('\n'))
  if (coefficient === null) return
  const row = {
    latent_idx: 7,
    steering_coefficient: coefficient,
    sae_release: sae,
    sae_id: 'layer_1',
    description: 'dogs',
  }
  const file = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...file, saeval: { steering: { rows: [row] } } }))
}

it('shows what a latent is active on, what it does to tasks, what is written at each strength', async () => {
  const folder = temporaryFolder()
  const saes = join(temporaryFolder(), 'saes')
  mkdirSync(join(saes, 'layer_1'), { recursive: true })
  const feature = {
    latent: 7,
    label: 'on <dogs>',
    max_activation: 12.345,
    density: 0.034,
    snippets: ['a «<wag>» tail'],
  }
  writeFileSync(
    join(saes, 'layer_1', 'features.jsonl'),
    `${JSON.stringify({ latent: 1 })}\n${JSON.stringify(feature)}\n`,
  )
  writeFileSync(join(saes, 'layer_1', 'cfg.json'), '{}')
  writeTold(join(folder, 'plain'), { pretrained: 'tiny' }, null, saes, 'a story of <nobody>')
  for (const coefficient of [5, 50])
    writeTold(
      join(folder, `c${coefficient}`),
      { base_name: 'tiny', csv_path: 'x.csv' },
      coefficient,
      saes,
      `wag ${coefficient}`,
    )
  const html = await latentPage(openFolder({ folder }).view(), new URLSearchParams())
  expect(html).toContain(`<h1>latent 7 (dogs) of layer_1, ${saes}</h1>`)
  expect(html).toContain('<dd>12.3</dd>')
  expect(html).toContain('<dd>3.4 % of tokens</dd>')
  expect(html).toContain('<li>a <mark>&lt;wag&gt;</mark> tail</li>')
  expect(html).toContain('id="metric-0-effects"')
  expect(html).toContain('<h4>unsteered</h4><p>a story of &lt;nobody&gt;</p>')
  expect(html).toMatch(/<h4>coefficient 5<\/h4><p>wag 5<\/p>.*<h4>coefficient 50<\/h4><p>wag 50<\/p>/)
})

it('shows texts of many settings evenly among their strengths, and says how many', async () => {
  const folder = temporaryFolder()
  const saes = temporaryFolder()
  for (let at = 30; at > 0; at--)
    writeTold(join(folder, `c${at}`), { base_name: 'tiny', csv_path: 'x.csv' }, at, saes, `wag ${at}`)
  const html = await latentPage(openFolder({ folder }).view(), new URLSearchParams())
  expect(html).toContain('Texts of 24 of 30 settings are here, evenly chosen among the strengths')
  const shown = [...html.matchAll(/<h4>coefficient (\d+)<\/h4>/g)].map(([, at]) => Number(at)).slice(0, 24)
  expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b))
  expect([shown[0], shown.at(-1), shown.length]).toEqual([1, 30, 24])
})

it('says why there are no texts of activations, and where they are', async () => {
  const notes = async (release: string) => {
    const folder = temporaryFolder()
    writeTold(join(folder, 'run'), { base_name: 'tiny', csv_path: 'x.csv' }, 5, release, 'wag')
    const html = await latentPage(openFolder({ folder }).view(), new URLSearchParams())
    return /<section id="activations">.*?<\/section>/s.exec(html)![0]
  }
  // writeTold names the SAE "layer_1"
  expect(await notes('someone/saes')).toMatch(/<p>dogs<\/p>.*this one is of the hub; the registry knows no page of it/s)
  const saes = join(temporaryFolder(), 'a <b>')
  mkdirSync(join(saes, 'layer_1'), { recursive: true })
  writeFileSync(join(saes, 'layer_1', 'cfg.json'), '{}')
  expect(await notes(saes)).toContain('there is no features.jsonl beside this SAE')
  writeFileSync(join(saes, 'layer_1', 'features.jsonl'), '{"latent": 1}\n')
  expect(await notes(saes)).toContain('a &lt;b&gt;/layer_1/features.jsonl has no line of this latent')
  writeFileSync(join(saes, 'layer_1', 'features.jsonl'), '{"latent": 7\n')
  expect(await notes(saes)).toMatch(/features\.jsonl:1/)
})

it('leads to the page of a latent that the registry knows', async () => {
  const folder = temporaryFolder()
  const path = writeRun(folder, { base_name: 'tiny', csv_path: 'x.csv' }, { dogs: [1, 0] })
  const sae = { sae_release: 'gemma-scope-2b-pt-res-canonical', sae_id: 'layer_20/width_16k/canonical' }
  const row = { ...sae, latent_idx: 12082, steering_coefficient: 240, description: 'dogs & obedience' }
  const file = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...file, saeval: { steering: { rows: [row] } } }))
  const html = await latentPage(openFolder({ folder }).view(), new URLSearchParams())
  expect(html).toContain('<a href="https://www.neuronpedia.org/gemma-2-2b/20-gemmascope-res-16k/12082"')
  expect(html).toContain('<p>dogs &amp; obedience</p>')
  expect(html).toContain('its page on Neuronpedia has some')
})

it('says where no run tells what it edits', async () => {
  const folder = temporaryFolder()
  writeRun(folder, { pretrained: 'tiny' }, { dogs: [1, 0] })
  expect(await latentPage(openFolder({ folder }).view(), new URLSearchParams())).toContain(
    'No run of this folder tells',
  )
})

it('is addressed by what the latent is, also when others come before it', async () => {
  const folder = temporaryFolder()
  for (const [at, sae] of ['first', 'second'].entries())
    writeTold(join(folder, sae), { base_name: 'tiny', csv_path: 'x.csv' }, 5 + at, sae, 'wag')
  const { view } = openFolder({ folder })
  const latent = JSON.stringify(['second', 'layer_1', '', '7'])
  const title = async () => (await latentPage(view(), new URLSearchParams({ latent }))).match(/<h1>.*<\/h1>/)?.[0]
  expect(await title()).toBe('<h1>latent 7 (dogs) of layer_1, second</h1>')
  writeTold(join(folder, 'before'), { base_name: 'tiny', csv_path: 'x.csv' }, 9, 'before', 'wag')
  expect(await title()).toBe('<h1>latent 7 (dogs) of layer_1, second</h1>')
  rmSync(join(folder, 'second'), { recursive: true })
  await expect(title()).rejects.toThrow('which is not in this folder now; choose another one')
  await expect(latentPage(view(), new URLSearchParams({ latent: '1' }))).rejects.toThrow('names the latent "1"')
})
