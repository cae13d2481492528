import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../../tests/fixtures.js'
import { measureRuns } from '../compare/compare.js'
import { fakeSweep, writeRun } from '../results/fake-sweep.testing.js'
import { type Experiment, readExperiment } from '../results/read-experiment.js'
import { browserPath, openPage, seriousFaults } from './open-page.testing.js'
import { renderReport } from './render-report.js'
import { writeReport } from './write-report.js'

const sweep = () => fakeSweep([-100, -60, -20, 0, 20, 60, 100])

describe('renderReport', () => {
  it('shows values, differences, what is beyond chance, and where it comes from', async () => {
    const { html, charts } = await renderReport(await readExperiment(sweep()))
    expect(html).toContain('<dd>14 and the unsteered model</dd>')
    expect(html).toContain('Wanted: to lower <b>dogs</b>, where most settings move it.')
    // 53 of 60 right before, none after: Bonett and Price by hand, −0.855 ± 0.098; Wilson at 0 of 60 goes to 6 %
    expect(html).toMatch(
      /<td role="cell" data-label="dogs" class="good s5" data-v="0"[^>]*><span><b>0\u00a0%<\/b><sup>\*<\/sup> <span class="change">−88 <span class="ci">\(−95 to −76\)<\/span><\/span> <span class="below">below chance<\/span>/,
    )
    expect(html).toContain('0\u00a0% <span class="ci">(0 to 6\u00a0%)</span>')
    expect(html).toContain('28 tests are one family')
    expect(html).toMatch(/<span>guessing<\/span><\/th><td[^>]*data-v="0.25"><span>25\u00a0%/)
    expect(html).not.toMatch(/ title="/)
    expect(html).toContain('&quot;&lt;-100:100:20&gt;&quot;')
    expect(html).not.toContain('<meow>')
    expect(charts.map(({ name }) => name)).toEqual(['acc-by-coefficient', 'acc-trade-off'])
  })

  it('says which values it cannot show', async () => {
    const folder = sweep()
    const path = join(folder, 'cells', 'latent-7-coefficient-100', 'results_2026-01-02T03-04-05.000006.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"acc,none":[\d.]+/, '"acc,none":Infinity'))
    const { html } = await renderReport(await readExperiment(folder), { withoutSamples: true })
    expect(html).toContain('<b>Infinity</b> <span class="change">+Infinity</span>')
    expect(html).toContain('not tested: a value is infinite or not a number')
    expect(html).toContain('One value that is not finite cannot be shown.')
  })

  it('needs nothing from elsewhere and stays small', async () => {
    const { html } = await renderReport(await readExperiment(sweep()), { withoutSamples: true })
    expect(html).not.toMatch(/\b(src|href)="(?!#)/)
    expect(html).not.toContain('sample-data"')
    expect(html.length).toBeLessThan(3e6)
  })

  it('counts other tasks together, in no family, and names latents with their pages', async () => {
    const folder = temporaryFolder()
    const run = (name: string, args: object, dogs: number) => {
      const right = (count: number) => Array.from({ length: 60 }, (_, index) => Number(index < count))
      const scores = { dogs: right(dogs), cats: right(50), birds: right(dogs === 60 ? 60 : 40) }
      const path = writeRun(join(folder, name), args, scores)
      const row = { latent_idx: 12082, sae_release: 'gemma-scope-2b-pt-res-canonical', hook_action: 'clamp' }
      const rows = [
        { ...row, sae_id: 'layer_20/width_16k/canonical', steering_coefficient: -20, description: '<dogs>' },
      ]
      const record = name === 'steered' ? { steering: { rows } } : {}
      const file = JSON.parse(readFileSync(path, 'utf8'))
      writeFileSync(path, JSON.stringify({ ...file, saeval: { version: '1.2.3', ...record } }))
    }
    run('plain', { pretrained: 'tiny' }, 60)
    run('steered', { base_name: 'tiny', csv_path: 'x.csv' }, 5)
    const { html } = await renderReport(await readExperiment(folder), { target: 'dogs:down' })
    expect(html).toContain('3 tests are one family')
    expect(html).toContain('1 rows of groups are unions of tasks that are counted already')
    // 20 of 120 lost
    expect(html).toMatch(
      /data-label="other tasks together" class="group" data-v="0\.75"[^>]*><span><b>75\.0\u00a0%<\/b> <span class="change">−16\.7/,
    )
    expect(html).toContain('<span>not in the family</span>')
    expect(html).toContain('href="https://www.neuronpedia.org/gemma-2-2b/20-gemmascope-res-16k/12082"')
    expect(html).toContain('<span>12082 (&lt;dogs&gt;)</span>')
    expect(html).toContain('<dd>saeval 1.2.3</dd>')
    expect(html).toContain('birds 100\u00a0% →\u00a0<b>67\u00a0%</b>')
  })

  it('takes the target task by name and refuses unknown ones', async () => {
    const experiment = await readExperiment(sweep())
    const { html } = await renderReport(experiment, { target: 'cats:up' })
    expect(html).toContain('Wanted: to raise <b>cats</b>.')
    expect(html).toContain('<span>cats</span> <small>target, wanted up</small>')
    // what is wanted colours: dogs that fall are a harm now
    expect(html).toContain('class="bad s5"')
    expect(html).not.toContain('class="good s5"')
    await expect(renderReport(experiment, { target: 'fish' })).rejects.toThrow('`target` fish: no task of that name')
  })

  it('calls tasks of one alias by their names too', async () => {
    const folder = temporaryFolder()
    for (const [name, args] of [
      ['a', { pretrained: 'tiny' }],
      ['b', { base_name: 'tiny', csv_path: 'x.csv' }],
    ] as const) {
      const path = writeRun(join(folder, name), args, { dogs: [1, 0], cats: [1, 0] })
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"alias":"\w+"/g, '"alias":"pets"'))
    }
    const { html } = await renderReport(await readExperiment(folder))
    expect(html).toMatch(/data-name="pets \(dogs\)" data-csv-names="\[&quot;dogs&quot;,&quot;dogs low&quot;/)
    expect(html).toContain('data-name="pets (cats)"')
  })

  it('shows runs on other tasks beside each other, and refuses runs without scores', async () => {
    const folder = temporaryFolder()
    writeRun(join(folder, 'a'), { pretrained: 'tiny' }, { dogs: [1, 0] })
    writeRun(join(folder, 'b'), { pretrained: 'tiny' }, { birds: [1, 1] }, '2026-01-03T03-04-05.000006')
    const { html } = await renderReport(await readExperiment(folder))
    expect(html).toMatch(/<span>birds<\/span> <small>target, wanted down<\/small><\/th><th[^>]*><span>dogs<\/span>/)
    writeFileSync(join(folder, 'results_x.json'), '{"results": {"dogs": null}}')
    const empty = await readExperiment(join(folder, 'results_x.json'))
    await expect(renderReport(empty)).rejects.toThrow('results_x.json: no scores')
  })

  it('writes charts as SVG and PNG beside the page', async () => {
    const path = join(temporaryFolder(), 'report.html')
    const files = writeReport(await renderReport(await readExperiment(sweep())), path)
    expect(files.map((file) => file.slice(file.lastIndexOf('.')))).toEqual(['.svg', '.png', '.svg', '.png', '.html'])
    const png = readFileSync(files[1]!)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    // text is drawn: without fonts the picture would have no ink left of its axis
    expect(statSync(files[1]!).size).toBeGreaterThan(20_000)
  })
})

describe('the page in a browser', needs('Chromium', browserPath !== undefined), () => {
  let page: Page
  let complaints: readonly string[]
  let experiment: Experiment
  beforeAll(async () => {
    const path = join(temporaryFolder(), 'report.html')
    experiment = await readExperiment(fakeSweep([-100, -60, -20, 0, 20, 60, 100], 60, 3))
    writeReport(await renderReport(experiment), path)
    ;({ page, complaints } = await openPage(path))
  })

  it('opens without complaints or requests', () => {
    expect(complaints).toEqual([])
  })

  it('lists samples, changed answers first, and filters them', async () => {
    expect(await page.textContent('#sample-count')).toBe('120 of 120 documents')
    expect(await page.locator('sample-card').count()).toBe(20)
    expect(await page.locator('sample-card header').first().textContent()).toContain('score 1 → 0')
    await page.selectOption('[name=which]', 'changed')
    expect(Number((await page.textContent('#sample-count'))!.split(' ')[0])).toBeLessThan(60)
    await page.fill('#samples [name=words]', 'dogs 3 make')
    expect(await page.locator('sample-card .question').allTextContents()).toEqual([
      expect.stringContaining('dogs 3 make'),
    ])
    expect(await page.locator('sample-card .gold').textContent()).toContain('a chirp')
  })

  it('tells a point at the pointer, at a touch and at the keyboard focus, one stop of the Tab key a chart', async () => {
    const chart = page.locator('.chart').first()
    const points = chart.locator('[aria-roledescription="point"]')
    await points.first().hover()
    expect(await page.textContent('#tip')).toMatch(
      /^dogs, coefficient −100, latent 7: 0\u00a0% \(95 % interval 0 to 6\u00a0%\)$/,
    )
    await page.mouse.move(0, 0)
    expect(await page.isVisible('#tip')).toBe(false)
    await points.first().dispatchEvent('pointerdown')
    expect(await page.isVisible('#tip')).toBe(true)
    expect(await chart.locator('[tabindex="0"]').count()).toBe(1)
    await points.first().focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.textContent('#tip')).toContain('coefficient −60, latent 7')
    await page.keyboard.press('End')
    expect(await page.textContent('#tip')).toContain('coefficient 100, latent 11')
    await page.keyboard.press('Escape')
    expect(await page.isVisible('#tip')).toBe(false)
  })

  it('sorts and filters tables, by keyboard too', async () => {
    const table = page.locator('#metric-0-effects')
    const names = () => table.locator('tbody tr:visible th').allTextContents()
    expect((await names()).slice(0, 3)).toEqual(['unsteered', 'guessing', 'coefficient −100, latent 7'])
    await table.locator('thead button', { hasText: 'cats' }).focus()
    await page.keyboard.press('Enter')
    expect(await table.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending')
    const values = await table
      .locator('tbody tr:not(.fixed) td:nth-child(3)')
      .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute('data-v'))))
    expect(values).toEqual([...values].sort((a, b) => a - b))
    await table.locator('select[data-by=latent]').selectOption('11')
    await table.locator('[name=words]').fill('-60')
    expect(await names()).toEqual(['unsteered', 'guessing', 'coefficient −60, latent 11'])
    expect(await table.locator('[role=status]').textContent()).toBe('1 of 14 rows')
  })

  it('gives what is shown as CSV and charts as SVG', async () => {
    const saved = async (button: string) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator(button).first().click()])
      return { name: download.suggestedFilename(), text: readFileSync((await download.path())!, 'utf8') }
    }
    const csv = await saved('[data-csv=metric-0-effects]')
    expect(csv.name).toBe('metric-0-effects.csv')
    const lines = csv.text.trim().split('\r\n')
    const beside = ['', ' low', ' high', ' difference', ' difference low', ' difference high', ' p', ' p (Holm)']
    expect(lines[0]).toBe(['setting', ...['dogs', 'cats'].flatMap((task) => beside.map((of) => `${task}${of}`))].join())
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(['unsteered', 'guessing', '"coefficient −60'])
    // what the page shows of dogs: value, Wilson's interval, the difference with its own, how sure
    const numbers = lines[3]!.split(',').slice(2, 10).map(Number)
    const { runs } = await measureRuns(
      experiment.baseline!.results,
      experiment.runs.map(({ results }) => results),
    )
    const { measures, comparisons } =
      runs[experiment.runs.findIndex(({ label }) => label === 'coefficient −60, latent 11')]!
    const { after, before, paired, holm } = comparisons![0]!
    const { low, high, pValue } = paired!
    const { interval } = measures[0]!
    expect(numbers).toEqual([after, interval!.low, interval!.high, after - before, low, high, pValue, holm])
    expect(lines[2]).toBe(`guessing,0.25${','.repeat(8)}0.25${','.repeat(7)}`)
    await page.click('#differences summary')
    const all = await saved('[data-csv=all-differences]')
    expect(all.text).toMatch(/,after,after low,after high,difference,difference low,difference high,p,/)
    const svg = await saved('[data-svg]')
    expect(svg.name).toBe('acc-by-coefficient-1.svg')
    expect(svg.text).toMatch(/^<svg[^>]* color="#1a1a1a"[^>]*><rect width="100%" height="100%" fill="#ffffff"/)
  })

  it('fits a phone and a dark screen, and prints what it tells', async () => {
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme: width === 390 ? 'dark' : 'light' })
      await page.locator('#differences').evaluate((details) => details.setAttribute('open', ''))
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow).toBeLessThanOrEqual(0)
      expect(await seriousFaults(page)).toEqual([])
    }
    // a table's own box scrolls on no phone
    await page.setViewportSize({ width: 390, height: 800 })
    const wide = await page.evaluate(
      `[...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('svg, caption, thead')).map((one) => one.outerHTML.slice(0, 80))`,
    )
    expect(wide).toEqual([])
    await page.locator('#differences').evaluate((details) => details.removeAttribute('open'))
    await page.setViewportSize({ width: 800, height: 1000 })
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.isVisible('#all-differences table')).toBe(true)
    expect(await page.isVisible('#metric-0-effects thead th')).toBe(true)
    expect(await page.locator('.tools:visible, .chart button:visible, nav:visible').count()).toBe(0)
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    await page.emulateMedia({ media: 'screen' })
  })
})
