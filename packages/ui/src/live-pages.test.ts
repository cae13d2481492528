import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownIdentity } from '@saeval/hub/internal/claims/process-identity'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../../tests/fixtures.js'
import { browserPath, openAddress, seriousFaults } from '../../report/src/html/open-page.testing.js'
import { fakeSweep } from '../../report/src/results/fake-sweep.testing.js'
import { serveUi, type Ui } from './serve-ui.js'

/** How long a page may take here. */
const patient = { timeout: 10_000 }

describe('the pages in a browser', needs('Chromium', browserPath !== undefined), () => {
  let page: Page
  let complaints: readonly string[]
  let address: string
  let ui: Ui
  const folder = fakeSweep([-100, -20, 20], 5)
  beforeAll(async () => {
    const file = JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8'))
    // as a sweep that runs: the last cell is somebody's
    const [last] = file.cells.splice(-1)
    writeFileSync(
      join(folder, 'sweep.json'),
      JSON.stringify({ ...file, cells: [...file.cells, { ...last, results: {} }] }),
    )
    mkdirSync(join(folder, 'claims'))
    writeFileSync(join(folder, 'claims', `${last.id}.claim`), '')
    const row = { steering_coefficient: 20, sae_release: 'saes', sae_id: 'layer_1', description: 'dogs' }
    for (const { id, parameters } of [...file.cells, last]) {
      const path = join(folder, 'cells', id, 'results_2026-01-02T03-04-05.000006.json')
      const rows = [{ ...row, latent_idx: parameters.latent }]
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), saeval: { steering: { rows } } }))
    }
    ui = await serveUi({ folder, target: 'dogs:down' })
    address = ui.address
    ;({ page, complaints } = await openAddress(address))
  })

  afterAll(() => ui.close())

  it('shows how far a sweep is, and results as they come', async () => {
    const progress = () => page.textContent('#progress p')
    expect(await progress()).toContain('6 of 7 cells done; now coefficient 20, latent 11')
    const rows = () => page.locator('#metric-0-effects tbody tr').count()
    expect(await rows()).toBe(7)
    await page.locator('#metric-0-effects thead button').first().click()
    // what the reader does with the cells stays while they change, by keyboard too
    await page.locator('#progress summary').focus()
    await page.keyboard.press('Space')
    const cells = page.locator('#cells')
    await cells.locator('thead button', { hasText: 'state' }).focus()
    await page.keyboard.press('Space')
    const states = cells.locator('select[data-by=state]')
    await states.selectOption('running')
    await states.focus()
    expect(await cells.locator('tbody tr:visible').count()).toBe(1)
    // its process is dead
    const last = JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8')).cells.at(-1)
    writeFileSync(join(folder, 'claims', `${last.id}.claim`), JSON.stringify({ ...ownIdentity(), pid: 2 ** 22 + 1 }))
    await expect.poll(progress, patient).toMatch(/6 of 7 cells done\s*$/)
    expect(await states.evaluate('document.activeElement.dataset.by')).toBe('state')
    expect(await cells.locator('[role=status]').textContent()).toBe('0 of 7 rows')
    expect(await cells.locator('th[aria-sort]').textContent()).toContain('state')
    await states.selectOption('lost')
    expect(await cells.locator('tbody tr:visible').textContent()).toContain('coefficient 20, latent 11')
    // no results are new: there is no news
    expect(await page.isVisible('#news')).toBe(false)
    // results that the reader has moved stay until new ones are wanted
    const file = JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8'))
    const done = `cells/${file.cells.at(-1).id}/results_2026-01-02T03-04-05.000006.json`
    file.cells.at(-1).results = { dogs: done, cats: done }
    rmSync(join(folder, 'claims'), { recursive: true })
    writeFileSync(join(folder, 'new.json'), JSON.stringify(file))
    renameSync(join(folder, 'new.json'), join(folder, 'sweep.json'))
    await expect.poll(progress, patient).toContain('7 of 7')
    expect(await rows()).toBe(7)
    await page.click('#news button')
    await expect.poll(rows, patient).toBe(8)
    expect(await page.locator('#metric-0-effects thead button').count()).toBe(3)
    expect(await page.isVisible('#news')).toBe(false)
  })

  it('finds samples and compares runs, by keyboard', async () => {
    await page.click('text=Samples')
    await page.fill('[name=q]', '"dogs 3 make"')
    await page.keyboard.press('Enter')
    // of all runs, steered or not
    await expect.poll(() => page.textContent('#found'), patient).toMatch(/^7 found/)
    expect(await page.locator('sample-card .question').first().textContent()).toContain('dogs 3 make')
    // hostile texts are text
    expect(await page.locator('sample-card').first().textContent()).toContain('a <meow>')
    await page.click('text=Side by side')
    await page.locator('[name=b]').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.waitForURL(/b=latent-7-coefficient--20/, patient)
    await expect.poll(() => page.textContent('#sample-count'), patient).toBe('10 of 10 documents')
  })

  it('shows no fault to axe on any page: narrow and dark, by touch; wide and light, by keyboard; on paper', async () => {
    for (const path of ['', 'samples?q=%22dogs+3+make%22', 'compare', 'latent', 'steer']) {
      await page.setViewportSize({ width: 390, height: 800 })
      await page.emulateMedia({ media: 'screen', colorScheme: 'dark' })
      await page.goto(`${address}${path}`)
      if (path.startsWith('samples')) await expect.poll(() => page.textContent('#found'), patient).toMatch(/^7 found/)
      const looked = async () => [
        path,
        await page.evaluate('Math.max(0, document.documentElement.scrollWidth - innerWidth)'),
        await seriousFaults(page),
      ]
      expect(await looked()).toEqual([path, 0, []])
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(22, 22, 26)')
      if (path === '') {
        await page.locator('#progress summary').tap()
        expect(await page.isVisible('#cells')).toBe(true)
        await page.locator('[aria-roledescription="point"]').first().tap()
        expect(await page.isVisible('#tip')).toBe(true)
      }
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.emulateMedia({ colorScheme: 'light' })
      // a latent's tables and charts are those of the results, in light too
      if (path !== 'latent') expect(await looked()).toEqual([path, 0, []])
      // whatever scrolls or can be pressed is a stop of the Tab key, and seen to be one
      const stops = `[...document.querySelectorAll('a, button, select, input, summary, .scroll')].filter((one) => one.checkVisibility() && one.tabIndex < 0).map((one) => one.outerHTML)`
      expect(await page.evaluate(stops)).toEqual([])
      await page.locator('nav a').first().focus()
      for (let at = 0; at < 6; at++) {
        await page.keyboard.press('Tab')
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none')
      }
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(await page.locator('nav:visible, form:visible, .tools:visible, .chart button:visible').count()).toBe(0)
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
      expect(await page.isVisible('h1')).toBe(true)
    }
    expect(complaints).toEqual([])
  })

  it('says that it is no longer live when its server is gone', async () => {
    await page.emulateMedia({ media: 'screen' })
    await page.goto(address)
    expect(await page.isVisible('#lost')).toBe(false)
    await ui.close()
    await expect
      .poll(() => page.textContent('#lost'), patient)
      .toMatch(/^No longer live since .*: the server does not answer\./)
    expect(await page.isVisible('#lost')).toBe(true)
    // above all that it is about
    expect(await page.locator('#lost + #progress').count()).toBe(1)
  })
})
