import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { gpt2, modelFolder, needs, nightly, repository } from '../../../tests/fixtures.js'
import { browserPath } from '../../report/src/html/open-page.testing.js'
import { bundle } from '../scripts/bundle-for-browser.mjs'
import { newPage, webGpuFlags } from './chromium.testing.js'
import { demoFiles, demoModel } from './demo-page.testing.js'
import { csvHeader as header, largestDifference, type Scored, scoredInNode, writeRandomSae } from './numbers.testing.js'
import { fileEntry } from './write-page.js'

const folder = mkdtempSync(join(tmpdir(), 'saeval-numbers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const dist = fileURLToPath(new URL('../dist', import.meta.url))

interface Case {
  readonly name: string
  /** The model's folder here, and its files by their names in the page. */
  readonly model: string
  readonly files: Readonly<Record<string, string>>
  readonly modelInPage: string
  readonly texts: readonly string[]
  /** Rows of steering files, with the release as it is called here and there. */
  readonly rows: readonly (readonly string[])[]
  readonly release: readonly [here: string, there: string]
}

function demo(): Case {
  return {
    name: 'the demo model',
    model: join(repository, demoModel),
    files: demoFiles,
    modelInPage: demoModel,
    texts: ['Long ago there was a little beagle named Max.', 'Question: What sound does the dog make?\nAnswer: a bark'],
    rows: [['121,25,RELEASE,layer_3,add'], ['121,-20,RELEASE,layer_3,clamp_active', '7,3,RELEASE,layer_2,clamp']],
    release: [join(repository, 'examples/demo/saes'), 'examples/demo/saes'],
  }
}

function standIn(): Case {
  const model = modelFolder(gpt2)
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as { n_embd: number }
  const saes = join(folder, 'gpt2-saes')
  writeRandomSae(join(saes, 'all'), 'blocks.1.hook_resid_pre', config.n_embd, 24)
  const names = readdirSync(model).filter((file) => /\.(json|safetensors|jinja)$/.test(file))
  return {
    name: "GPT-2's stand-in",
    model,
    files: {
      ...Object.fromEntries(names.map((file) => [`gpt2/${file}`, join(model, file)])),
      'saes/all/cfg.json': join(saes, 'all/cfg.json'),
      'saes/all/sae_weights.safetensors': join(saes, 'all/sae_weights.safetensors'),
    },
    modelInPage: 'gpt2',
    texts: ['Hello there, who are you?', 'One, two, three.'],
    rows: [['3,4,RELEASE,all,add'], ['5,2,RELEASE,all,clamp', '6,0,RELEASE,all,ablate']],
    release: [saes, 'saes'],
  }
}

/** A page for one case, whose scripts give the files. */
async function openCase({ files }: Case, worker: string, ask: string, onGpu: boolean) {
  const place = mkdtempSync(join(folder, 'page-'))
  const runtime = onGpu ? 'runtime-webgpu.js' : 'runtime.js'
  const scripts = ['ask.js', 'runtime.js', 'files.js']
  writeFileSync(join(place, 'index.html'), scripts.map((name) => `<script src="${name}"></script>`).join(''))
  writeFileSync(join(place, 'ask.js'), ask)
  copyFileSync(join(dist, 'site', runtime), join(place, 'runtime.js'))
  const entries = Object.entries(files).map(([name, path]) => fileEntry(name, readFileSync(path)))
  const all = [fileEntry('/worker.js', worker), ...entries, fileEntry('/complete', '')]
  writeFileSync(join(place, 'files.js'), all.join(''))
  const { page, complaints } = await newPage({}, onGpu ? webGpuFlags : undefined)
  await page.goto(pathToFileURL(join(place, 'index.html')).href)
  return { page, complaints }
}

const adapter = 'navigator.gpu?.requestAdapter().then((adapter) => adapter !== null)'

const chromium = needs('Chromium', browserPath !== undefined)

it.each([demo(), standIn()])(
  'come out of a browser as they come out of Node, steered and not: $name',
  chromium,
  async (item) => {
    await compare(item, false)
  },
)

// a processor that stands in for a GPU takes its time
it.for([demo(), standIn()])(
  "come out of a browser's WebGPU as they come out of Node, steered and not: $name",
  nightly(chromium),
  async (item, { skip }) => {
    if (!(await compare(item, true))) skip('this Chromium has no WebGPU')
  },
)

/** Compares a browser's log-probabilities with Node's; false where the browser lacks what is asked for. */
async function compare(item: Case, onGpu: boolean): Promise<boolean> {
  const { model: path, modelInPage, texts, rows } = item
  const [here, there] = item.release
  const csvs = rows.map((list) => [header, ...list, ''].join('\n'))
  const [worker, ask] = await Promise.all(
    ['score-rows', 'ask-worker'].map((name) => bundle(join(dist, `browser/testing/${name}.js`))),
  )
  const { page, complaints } = await openCase(item, worker!, ask!, onGpu)
  if (onGpu && !(await page.evaluate<boolean>(adapter))) return false
  const csvsInPage = ['', ...csvs.map((csv) => csv.replaceAll('RELEASE', there))]
  const request = JSON.stringify({ model: modelInPage, onGpu, texts, csvs: csvsInPage })
  const found = await page.evaluate<Scored>(`askWorker(${request})`)
  await page.close()
  expect(found.error).toBeUndefined()

  const expected = await scoredInNode(path, texts, ['', ...csvs.map((csv) => csv.replaceAll('RELEASE', here))])
  const [plain, ...others] = expected
  for (const [at, ours] of expected.entries()) {
    const theirs = found.logprobs![at]!.flat()
    expect(theirs.length).toBe(ours.length)
    expect(largestDifference(ours, theirs)).toBeLessThan(1e-4)
  }
  // settings that change nothing would compare nothing
  for (const other of others) expect(largestDifference(other, plain!)).toBeGreaterThan(0.01)
  expect(complaints).toEqual([])
  return true
}
