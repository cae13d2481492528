import { execFile } from 'node:child_process'
import { cpSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script, not a module of a package
import { author, senses, steeringCsv, verdict } from '../tools/online/parts/author.mjs'
// @ts-expect-error a script, not a module of a package
import { varianceExplained } from '../tools/online/parts/saes.mjs'
import { copyHfHome, hasFixture, temporaryFolder } from './fixtures.js'
import { type HubOfCache, startHubOfCache } from './hub-of-cache.js'

const published = JSON.parse(
  readFileSync(new URL('../tools/online/published/author-cells.json', import.meta.url), 'utf8'),
)
const tasks = Object.keys(published.cells[0].results)

/** What a sweep would have found if each cell's accuracy were `of` the published one, in the sense of clamp that it is asked for. */
function seen(of: (value: number, action: string) => number): Map<string, [number, number]> {
  const cells = published.cells.flatMap(
    ({ name, results }: { name: string; results: Record<string, [number, number]> }) =>
      (senses as string[]).flatMap((action) =>
        tasks.map((task) => [`${name} ${action} ${task}`, [of(results[task]![0], action), 0.03]] as const),
      ),
  )
  return new Map([...cells, ['wmdp_bio', [0.586, 0.0138]]])
}

describe('the verdict on the published cells', () => {
  const off = (rows: { what: string; ok: boolean }[]) => rows.filter((row) => !row.ok).map((row) => row.what)

  it('names the sense of clamp that fits', () => {
    for (const sense of senses as string[]) {
      const rows = verdict(
        published.cells,
        seen((value, action) => (action === sense ? value + 0.001 : value + 0.08)),
        false,
      )
      expect(rows[0]).toMatchObject({ seen: sense })
      expect(off(rows)).toEqual([])
    }
  })

  it('is off where neither fits, or the mean is not near 0', () => {
    const far = verdict(
      published.cells,
      seen((value) => value + 0.08),
      false,
    )
    expect(off(far)).toEqual([
      expect.stringContaining('within 2 standard errors'),
      expect.stringContaining('mean difference'),
    ])
    const biased = verdict(
      published.cells,
      seen((value) => value + 0.02),
      false,
    )
    expect(off(biased)).toEqual([expect.stringContaining('mean difference')])
    expect(off(verdict(published.cells, new Map(), false)).length).toBeGreaterThan(0)
  })

  it('writes a cell as a CSV with its own coefficients', () => {
    const cell = published.cells.find(
      ({ name }: { name: string }) => name === 'top_5_coef_-100_method_proportional_steer',
    )
    const lines = steeringCsv(cell).trim().split('\n')
    expect(lines).toHaveLength(6)
    expect(lines[1]).toBe('11766,-389.1645895588333,gemma-scope-2b-pt-res-canonical,layer_7/width_16k/canonical,clamp')
    expect(author('top_5_').cells).toHaveLength(16)
  })
})

it('explains all of the variance, or none', () => {
  const x = [Float32Array.of(1, 2, 3, 5), Float32Array.of(-1, 0)]
  expect(varianceExplained(x, x, 2)).toBe(1)
  // the mean of each column
  expect(varianceExplained(x, [Float32Array.of(1, 7 / 3, 1, 7 / 3), Float32Array.of(1, 7 / 3)], 2)).toBeCloseTo(0, 6)
})

const repositories = [
  ...[
    'openai-community--gpt2',
    'google--gemma-2-2b',
    'google--gemma-scope-2b-pt-res',
    'EleutherAI--pythia-70m-deduped',
    'ckkissane--attn-saes-gpt2-small-all-layers',
  ],
].map((name) => `models--${name}`)
const datasets = [
  'cais--mmlu',
  'cais--wmdp',
  'allenai--ai2_arc',
  'openai--gsm8k',
  'EleutherAI--wikitext_document_level',
].map((name) => `datasets--${name}`)
const complete = [...repositories, ...datasets].every((name) => hasFixture(`hf-home/hub/${name}`))

// the stand-ins are other models, so the published numbers must be found off, and everything that is none must hold
describe.skipIf(!complete)('test:online against a hub of stand-ins', () => {
  let hub: HubOfCache
  const home = temporaryFolder()
  const results = temporaryFolder()

  beforeAll(async () => {
    const cache = join(copyHfHome([...repositories, ...datasets]), 'hub')
    renameSync(join(cache, 'models--EleutherAI--pythia-70m-deduped'), join(cache, 'models--EleutherAI--pythia-70m'))
    const scope = join(cache, 'models--google--gemma-scope-2b-pt-res', 'snapshots')
    const commit = readFileSync(join(scope, '..', 'refs', 'main'), 'utf8').trim()
    const layer = (path: string) => join(scope, commit, path)
    cpSync(layer('layer_20/width_16k/average_l0_71'), layer('layer_7/width_16k/average_l0_69'), {
      recursive: true,
      dereference: true,
    })
    hub = await startHubOfCache(cache)
  })
  afterAll(() => hub?.close())

  const online = (...argv: string[]) =>
    new Promise<{ code: number; text: string }>((resolve) => {
      const env = { ...process.env, HF_HOME: home, HF_HUB_CACHE: '', HF_HUB_OFFLINE: '', HF_ENDPOINT: hub.endpoint }
      const script = join(import.meta.dirname, '..', 'tools', 'online', 'online.mjs')
      const flags = ['--device', 'cpu', '--limit', '6', '--folder', results]
      execFile(process.execPath, [script, ...argv, ...flags], { env, maxBuffer: 1e8 }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
      )
    })

  it('says what it needs and stops', async () => {
    const { code, text } = await online('--dry_run')
    expect(text).toMatch(/disk: \d+\.\d GB \(\d+ files\) to download into .*, where \d+\.\d GB are free/)
    expect(text).toMatch(/time: about .* besides downloads/)
    expect(text).toContain('48 published cells')
    expect(code).toBe(0)
  })

  it('refuses names that are none', async () => {
    expect(await online('misison')).toMatchObject({
      code: 2,
      text: expect.stringContaining('there is no step "misison"'),
    })
    expect(await online('author:top_7')).toMatchObject({ code: 2, text: expect.stringContaining('holds "top_7"') })
  })

  it('steers, checks and compares; a stopped command goes on', async () => {
    const first = await online('hub', 'mission')
    expect(first.text).toContain('all 8 as expected')
    const steps = ['hub', 'mission', 'pythia', 'saes:connor_rob_hook_z', 'author:top_5_coef_-100_method_none']
    const { code, text } = await online(...steps)
    expect(text).toMatch(/mission .*\(finished\)/)
    expect(code).toBe(1)
    const row = (what: string) => text.split('\n').find((line) => line.startsWith('|') && line.includes(what))
    for (const what of ['main is a commit', 'the row is named', 'questions whose log-probabilities', 'not finite'])
      expect(row(what)).toMatch(/ ok +\|$/)
    for (const what of ['arc_easy: log-prob', 'wikitext: log-prob', 'gsm8k: equal texts', 'variance explained'])
      expect(row(what)).toMatch(/ OFF +\|$/)
    expect(row('the sense of clamp that fits')).toMatch(/clamp/)
    expect(row('mean difference')).toMatch(/-?0\.\d+/)
  })
})
