import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../../tests/fixtures.js'
import { fakeSweep, writeRun } from '../results/fake-sweep.testing.js'
import { readExperiment } from '../results/read-experiment.js'
import { browserPath, openPage } from './open-page.testing.js'
import { renderReport } from './render-report.js'
import { writeReport } from './write-report.js'

const sweep = () => fakeSweep([-100, -60, -20, 0, 20, 60, 100])

describe('renderReport', () => {
  it('shows values, differences, what is beyond chance, and where it comes from', async () => {
    const { html, charts } = await renderReport(await readExperiment(sweep()))
    expect(html).toContain('14 runs and the unsteered model')
    expect(html).toContain('dogs goes from 0.8833 to 0.0000 acc with coefficient −100, latent 7')
    expect(html).toMatch(
      /<td class="worse beyond" title="−0\.8833 \[−0\.\d+, −0\.\d+\]; p &lt; 0\.0001, corrected &lt; 0\.0001, n = 60; 0 improved, 53 worsened \(100 % of the changed\); detectable: 0\.\d+">/,
    )
    expect(html).toContain('&quot;&lt;-100:100:20&gt;&quot;')
    expect(html).not.toContain('<meow>')
    expect(charts.map(({ name }) => name)).toEqual(['acc-by-coefficient', 'acc-trade-off'])
  })

  it('says which values it cannot show', async () => {
    const folder = sweep()
    const path = join(folder, 'cells', 'latent-7-coefficient-100', 'results_2026-01-02T03-04-05.000006.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"acc,none":[\d.]+/, '"acc,none":Infinity'))
    const { html } = await renderReport(await readExperiment(folder), { withoutSamples: true })
    expect(html).toContain('<b>Infinity</b> <span class="difference">+Infinity</span>')
    expect(html).toContain('not tested: a value is infinite or not a number')
    expect(html).toContain('One value that is not finite cannot be shown.')
    expect(html).toContain('dogs goes from 0.8833 to 0.0000 acc with coefficient −100, latent 7')
  })

  it('needs nothing from elsewhere and stays small', async () => {
    const { html } = await renderReport(await readExperiment(sweep()), { withoutSamples: true })
    expect(html).not.toMatch(/\b(src|href)="(?!#)/)
    expect(html).not.toContain('sample-data"')
    expect(html.length).toBeLessThan(3e6)
  })

  it('takes the target task by name and refuses unknown ones', async () => {
    const experiment = await readExperiment(sweep())
    expect((await renderReport(experiment, { target: 'cats' })).html).toContain('Largest effect: cats')
    await expect(renderReport(experiment, { target: 'fish' })).rejects.toThrow('`target` fish: no task of that name')
  })

  it('shows runs on other tasks beside each other, and refuses runs without scores', async () => {
    const folder = temporaryFolder()
    writeRun(join(folder, 'a'), { pretrained: 'tiny' }, { dogs: [1, 0] })
    writeRun(join(folder, 'b'), { pretrained: 'tiny' }, { birds: [1, 1] }, '2026-01-03T03-04-05.000006')
    const { html } = await renderReport(await readExperiment(folder))
    expect(html).toContain('<th scope="col">birds</th><th scope="col">dogs</th>')
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
  beforeAll(async () => {
    const path = join(temporaryFolder(), 'report.html')
    writeReport(await renderReport(await readExperiment(sweep())), path)
    ;({ page, complaints } = await openPage(path))
  })

  it('opens without complaints or requests', () => {
    expect(complaints).toEqual([])
  })

  it('lists samples, changed answers first, and filters them', async () => {
    expect(await page.textContent('#sample-count')).toBe('120 of 120 documents')
    expect(await page.locator('.sample').count()).toBe(20)
    expect(await page.locator('.sample header').first().textContent()).toContain('score 1 → 0')
    await page.selectOption('[name=which]', 'changed')
    expect(Number((await page.textContent('#sample-count'))!.split(' ')[0])).toBeLessThan(60)
    await page.fill('[name=words]', 'dogs 3 make')
    expect(await page.locator('.sample .question').allTextContents()).toEqual([expect.stringContaining('dogs 3 make')])
    expect(await page.locator('.sample .gold').textContent()).toContain('a chirp')
  })

  it('tells a point at the pointer and at the keyboard focus', async () => {
    const point = page.locator('figure [aria-roledescription="point"]').first()
    await point.hover()
    expect(await page.textContent('#tip')).toMatch(/^(dogs|cats), coefficient −100: \d\.\d{4} \(/)
    await page.mouse.move(0, 0)
    expect(await page.isVisible('#tip')).toBe(false)
    await point.focus()
    expect(await page.isVisible('#tip')).toBe(true)
  })

  it('fits a phone and a dark screen', async () => {
    await page.setViewportSize({ width: 380, height: 800 })
    await page.emulateMedia({ colorScheme: 'dark' })
    const [overflow, ground] = (await page.evaluate(
      '[document.documentElement.scrollWidth - innerWidth, getComputedStyle(document.body).backgroundColor]',
    )) as [number, string]
    expect(overflow).toBeLessThanOrEqual(0)
    expect(ground).toBe('rgb(22, 22, 26)')
  })
})
