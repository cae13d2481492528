import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpt2, modelFolder, needs, nightly, temporaryFolder } from '../../../tests/fixtures.js'
import { bundle } from '../../playground/scripts/bundle-for-browser.mjs'
import { newPage } from '../../playground/src/chromium.testing.js'
import {
  csvHeader,
  largestDifference,
  type Scored,
  scoredInNode,
  writeRandomSae,
} from '../../playground/src/numbers.testing.js'
import { browserPath, seriousFaults } from '../../report/src/html/open-page.testing.js'
import { writeRun } from '../../report/src/results/fake-sweep.testing.js'
import { serveUi, type Ui } from './serve-ui.js'

const built = fileURLToPath(new URL('../../playground/dist', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'saeval-steer-'))
const model = modelFolder(gpt2)
const hostile = join(work, 'saes <b>"')
const folder = temporaryFolder()
let ui: Ui
beforeAll(async () => {
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as { n_embd: number }
  writeRandomSae(join(hostile, 'all'), 'blocks.1.hook_resid_pre', config.n_embd, 24)
  const feature = { latent: 5, label: '<img src=x onerror="document.body.dataset.hit=1">', max_activation: 3 }
  writeFileSync(join(hostile, 'all', 'features.jsonl'), `${JSON.stringify(feature)}\n`)
  const rows = [
    { latent_idx: 3, steering_coefficient: 4, hook_action: 'add' },
    { latent_idx: 5, steering_coefficient: 2, hook_action: 'clamp' },
    { latent_idx: 6, steering_coefficient: 2, hook_action: 'add', positions: '0' },
  ].map((row) => ({ ...row, sae_release: hostile, sae_id: 'all' }))
  writeSteered('good', { base_name: model, csv_path: 'x.csv' }, rows)
  writeSteered('gone', { base_name: '/nowhere/model', csv_path: 'y.csv' }, rows)
  writeSteered('adapted', { base_name: model, peft: 'some', csv_path: 'z.csv' }, rows)
  writeSteered('elsewhere', { base_name: model, csv_path: 'w.csv' }, rows.slice(2))
  for (const task of ['dogs', 'several'])
    rmSync(join(folder, `elsewhere/samples_${task}_2026-01-02T03-04-05.000006.jsonl`))
  writeRun(join(folder, 'plain'), { pretrained: model }, { dogs: [1, 0, 1] })
  ui = await serveUi({ folder })
})
afterAll(async () => {
  await ui.close()
  rmSync(work, { recursive: true, force: true })
})

function writeSteered(name: string, args: object, rows: readonly object[]): void {
  // as of a task with several right answers, whose acc is no whole number
  const path = writeRun(join(folder, name), args, { dogs: [1, 0, 1], several: [0.41, 1] })
  const file = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...file, saeval: { steering: { rows } } }))
}

const nameOf = (run: string) => `${run}/results_2026-01-02T03-04-05.000006.json`
const text = async (path: string) => (await fetch(`${ui.address}${path}`)).text()
const steer = (run: string) => text(`steer?run=${encodeURIComponent(nameOf(run))}`)
const below = (path: string) => `steer/${encodeURIComponent(nameOf('good'))}/${path}`

describe('the way to the page that steers', () => {
  it('says with what it begins, or why there is none', async () => {
    expect(await steer('good')).toContain("begins with 2 of this run's edits. 1 more do what its sliders cannot")
    expect(await steer('gone')).toMatch(/cannot be steered in a page: .*\/nowhere\/model/)
    expect(await steer('adapted')).toContain('cannot be begun with: it has peft=&quot;some&quot; among its model_args')
    expect(await steer('elsewhere')).toContain("cannot be begun with: all 1 do what the page's sliders cannot")
    expect(await steer('none')).toContain('which is not in this folder now')
  })

  it('asks what it can count as the run did, and names the rest', async () => {
    const { tasks, notAsked, command, edits, others } = JSON.parse(await text(below('file-playground')))
    expect(tasks).toMatchObject([
      { name: 'dogs', documents: 3, questions: [{ answer: 0 }, { answer: 1 }, { answer: 2 }] },
    ])
    expect(notAsked).toEqual([
      expect.stringMatching(/^several: samples_several_[^/]*:1: its acc is 0\.41, which is not/),
    ])
    expect(command).toMatch(/^saeval run .*csv_path.*steering\.csv.* --tasks dogs,several$/)
    expect([edits.length, others]).toEqual([2, 1])
    const silent = JSON.parse(await text(`steer/${encodeURIComponent(nameOf('elsewhere'))}/file-playground`))
    expect(silent.notAsked).toEqual([expect.stringMatching(/^the run has logged no questions/)])
  })

  it('gives what the page has, and no other file', async () => {
    const status = async (path: string) => (await fetch(`${ui.address}${path}`)).status
    for (const path of ['', 'page.js', 'files.js', 'file-0', 'runtime.js', 'runtime-webgpu.js'])
      expect([path, await status(below(path))]).toEqual([path, 200])
    for (const path of ['file-99', '..%2f..%2fetc%2fpasswd', '__proto__', 'constructor', 'config.json', 'a/b'])
      expect([path, await status(below(path))]).toEqual([path, 404])
    expect(await status(`steer/${encodeURIComponent(nameOf('gone'))}/`)).toBe(422)
    expect(await status('steer/none/')).toBe(422)
    expect(await status('steer/%/')).toBe(422)
    const { headers } = await fetch(`${ui.address}${below('')}`)
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(await text(below(''))).toContain(
      "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; worker-src blob:; style-src 'self'; connect-src 'self'; form-action 'none'",
    )
  })
})

describe('the page that steers, served', needs('Chromium', browserPath !== undefined), () => {
  it('steers the model of a run, with the numbers of Node; names and texts stay text', async () => {
    const { page, complaints } = await newPage({ viewport: { width: 390, height: 844 }, hasTouch: true })
    await page.goto(`${ui.address}steer?run=${encodeURIComponent(nameOf('good'))}`)
    expect(await seriousFaults(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await page.locator('a.way').tap()
    const status = () => page.textContent('#status')
    await expect.poll(status, { timeout: 60_000 }).toMatch(/^Ready/)
    expect(await page.textContent('#about')).toMatch(/in WebAssembly \(without WebGPU: /)
    expect(await page.locator('.edit').count()).toBe(2)
    expect(await page.locator('.edit select').nth(1).inputValue()).toBe('clamp')
    // the run's own edits, from the beginning and again after a reset
    const numbers = () =>
      page.evaluate<string[]>("[...document.querySelectorAll('.edit input')].map(({ value }) => value)")
    expect(await numbers()).toEqual(['4', '4', '2', '2'])
    await page.locator('.edit input[type=number]').first().fill('-7')
    await page.locator('#reset').tap()
    expect(await numbers()).toEqual(['4', '4', '2', '2'])
    expect(await page.textContent('#left')).toBe(
      "1 of the run's edits is not shown: sliders cannot do it, or there is no room.",
    )
    expect(await page.locator('.edit legend').nth(1).textContent()).toContain('<img src=x')
    const questions = () => page.textContent('#tasks-note')
    await expect.poll(questions, { timeout: 60_000 }).toMatch(/^3 questions/)
    expect(await page.evaluate('document.body.dataset.hit')).toBeUndefined()
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    expect(await seriousFaults(page)).toEqual([])
    // Chromium says so where it is asked for WebGPU and has none
    const said = (line: string) => !line.startsWith(ui.address) && line !== 'No available adapters.'
    expect(complaints.filter(said)).toEqual([])

    // the numbers, by a second page in this one: it asks the same server, under the same policy
    const [worker, ask] = await Promise.all(
      ['score-rows', 'ask-worker'].map((name) => bundle(join(built, `browser/testing/${name}.js`))),
    )
    const texts = ['Hello there, who are you?', 'One, two, three.']
    const csv = [
      csvHeader,
      `5,2,"${hostile.replaceAll('"', '""')}",all,clamp`,
      `3,4,"${hostile.replaceAll('"', '""')}",all,add`,
      '',
    ].join('\n')
    await page.evaluate(ask!)
    await page.evaluate(`saevalFile('/worker.js', '${Buffer.from(await gzipped(worker!)).toString('base64')}')`)
    for (const script of ['runtime.js', 'files.js']) await page.evaluate(await text(below(script)))
    const request = JSON.stringify({ model, onGpu: false, texts, csvs: ['', csv] })
    const found = await page.evaluate<Scored>(`askWorker(${request})`)
    await page.close()
    expect(found.error).toBeUndefined()
    const expected = await scoredInNode(model, texts, ['', csv])
    for (const [at, ours] of expected.entries())
      expect(largestDifference(ours, found.logprobs![at]!.flat())).toBeLessThan(1e-4)
    expect(largestDifference(expected[0]!, expected[1]!)).toBeGreaterThan(0.01)
  })
})

describe('a GPU that does not compute', nightly(needs('Chromium', browserPath !== undefined)), () => {
  it('is said, and the page computes without', async () => {
    const { page } = await newPage()
    // the page sees a GPU, and its worker gets no device
    await page.addInitScript(
      `Object.defineProperty(navigator, 'gpu', { value: { requestAdapter: async () => ({ info: {}, features: [], limits: {}, requestDevice: () => Promise.reject(new Error('no')) }) } })`,
    )
    await page.goto(`${ui.address}${below('')}`)
    const status = () => page.textContent('#status')
    await expect.poll(status, { timeout: 60_000 }).toMatch(/^Ready/)
    expect(await page.textContent('#about')).toContain('in WebAssembly (without WebGPU: this browser has no WebGPU)')
    await page.close()
  })
})

async function gzipped(code: string): Promise<ArrayBuffer> {
  return new Response(new Blob([code]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()
}
