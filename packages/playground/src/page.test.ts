import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { answerAll } from '@saeval/language-model'
import { loadModel } from '@saeval/lm-backend-onnx'
import { readSteeringFile } from '@saeval/steering'
import { openCsvSteering } from '@saeval/steering/internal/models/csv-steering'
import type { Page } from 'playwright-core'
import { afterAll, expect, it } from 'vitest'
import { needs } from '../../../tests/fixtures.js'
import { browserPath } from '../../report/src/html/open-page.testing.js'
import { newPage } from './chromium.testing.js'
import { demoFiles, demoModel, demoPlayground } from './demo-page.testing.js'
import { writePage } from './write-page.js'

const folder = mkdtempSync(join(tmpdir(), 'saeval-page-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const chromium = needs('Chromium', browserPath !== undefined)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds that is serious or worse, as "rule: elements". */
async function serious(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string }[] }[]
  }>('axe.run({ preload: false })')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

const text = (page: Page, id: string) => page.locator(`#${id}`).innerText()
/** Waits until an expression holds; the page's policy lets nothing in it evaluate texts. */
async function until(page: Page, expression: string): Promise<void> {
  await expect.poll(() => page.evaluate(expression), { timeout: 60_000, interval: 50 }).toBe(true)
}
const isReady = (page: Page) => until(page, "document.querySelector('#status').textContent.startsWith('Ready')")
const isScored = (page: Page) =>
  until(page, "/questions, .* s\\./.test(document.querySelector('#tasks-note').textContent)")
const scrollsSideways = (page: Page) => page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')

/** Texts and correct answers of Node, unsteered and with a steering file. */
async function inNode(csv: string) {
  const model = await loadModel({ model: demoModel, device: 'cpu' })
  const path = join(folder, 'taken.csv')
  writeFileSync(path, csv)
  const file = await readSteeringFile(path)
  const opened = await openCsvSteering(demoModel, file, {}, { hub: {}, notice: () => {} })
  const { interventions } = await opened.lower(model)
  const views = [model, model.steer(interventions)]
  const request = {
    type: 'generate_until',
    context: demoPlayground.prompts[0]!,
    until: [],
    maxGenToks: demoPlayground.newTokens,
    doSample: false,
    temperature: 0,
  } as const
  const texts: string[] = []
  const correct: number[][] = []
  for (const view of views) {
    texts.push((await answerAll(view, [request]))[0]!)
    const counts: number[] = []
    for (const { questions } of demoPlayground.tasks) {
      const requests = questions.flatMap(({ context, choices }) =>
        choices.map((continuation) => ({ type: 'loglikelihood', context, continuation }) as const),
      )
      const logprobs = (await answerAll(view, requests)).map(({ logprob }) => logprob)
      counts.push(
        questions.filter(({ answer }, at) => {
          const own = logprobs.slice(4 * at, 4 * at + 4)
          return own.indexOf(Math.max(...own)) === answer
        }).length,
      )
    }
    correct.push(counts)
  }
  await opened.close()
  await model.close()
  return { texts, correct }
}

it('steers as Node does, by keyboard and touch, in light and dark, wide and narrow', chromium, async () => {
  const place = join(folder, 'demo')
  await writePage({ folder: place, playground: demoPlayground, files: demoFiles })
  const { page, complaints } = await newPage({ hasTouch: true, acceptDownloads: true })
  await page.goto(pathToFileURL(join(place, 'index.html')).href)
  await isReady(page)
  await isScored(page)
  const plain = await text(page, 'plain')
  expect(await text(page, 'steered')).toBe(plain)

  // from the beginning of the text by keyboard to the slider, which goes up by half a unit
  await page.locator('#prompt').focus()
  for (let tabs = 0; tabs < 3; tabs++) await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.type')).toBe('range')
  for (let step = 0; step < 12; step++) await page.keyboard.press('ArrowRight')
  expect(await page.locator('.edit input[type=number]').inputValue()).toBe('6')
  await page.locator('.edit input[type=number]').fill('-20')
  await page.locator('.edit select').selectOption('clamp_active')
  // the last setting counts, whatever came in between
  await until(page, "!document.querySelector('#tasks .waiting') && location.hash.includes('clamp_active+-20')")
  await isScored(page)

  const download = page.waitForEvent('download')
  await page.locator('#csv').click()
  const csv = readFileSync(await (await download).path(), 'utf8')
  expect(csv.split('\n').slice(0, 2)).toEqual([
    'latent_idx,steering_coefficient,sae_release,sae_id,hook_action,description',
    '121,-20,examples/demo/saes,layer_3,clamp_active,"dogs: on the, The, that, a"',
  ])
  const node = await inNode(csv)
  expect(plain).toContain(node.texts[0]!.trim())
  expect(await text(page, 'steered')).toContain(node.texts[1]!.trim())
  const shares = (counts: readonly number[]) => counts.map((count) => `${((100 * count) / 24).toFixed(1)} %`)
  const column = (at: number) => page.locator(`#tasks tbody tr td:nth-child(${at})`).allInnerTexts()
  expect([await column(2), await column(3)]).toEqual(node.correct.map(shares))
  expect(node.correct[1]![0]).toBeLessThan(node.correct[0]![0]!)

  // the same by its link
  const link = page.url()
  await page.locator('#reset').click()
  expect(await page.locator('.edit input[type=number]').inputValue()).toBe('0')
  await page.goto(link)
  expect(await page.locator('.edit select').inputValue()).toBe('clamp_active')
  expect(await page.locator('.edit input[type=number]').inputValue()).toBe('-20')

  expect(await serious(page)).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 24, 29)')
  expect(await scrollsSideways(page)).toBe(false)
  await page.locator('#plain [role=button]').nth(1).tap()
  await page.locator('#active li button').first().tap()
  expect(await page.locator('.edit').count()).toBe(2)
  // the slider that moves, and the text that it changes, are seen together
  expect(await page.evaluate("document.activeElement.matches('.edit:last-child input[type=range]')")).toBe(true)
  const isSeen = (id: string) =>
    page.evaluate<boolean>(`(() => {
    const { top, left } = document.querySelector('${id}').getBoundingClientRect()
    return document.querySelector('${id}').contains(document.elementFromPoint(left + 20, top + 8))
  })()`)
  expect([await isSeen('#steered'), await isSeen('.edit:last-child input[type=range]')]).toEqual([true, true])
  // of a token that was written, too
  const written = page.locator('#steered .fresh').first()
  await written.tap()
  await expect.poll(() => text(page, 'active')).toContain(((await written.textContent()) ?? '').trim())
  // and by keyboard: a text is one stop, in which arrows lead on
  expect(await page.locator('#steered [tabindex="0"]').count()).toBe(1)
  await page.locator('#steered [tabindex="0"]').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  const third = (await page.locator('#steered [role=button]').nth(2).textContent())!.trim()
  expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe(third)
  await page.keyboard.press('Enter')
  await expect.poll(() => text(page, 'active-what'), { timeout: 30_000 }).toContain(third)
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press(' ')
  const last = (await page.locator('#steered [role=button]').last().textContent())!.trim()
  await expect.poll(() => text(page, 'active-what'), { timeout: 30_000 }).toContain(last)
  // what is taken away leaves the reader at the next one
  await page.locator('.edit').first().getByText('Take away').press('Enter')
  expect(await page.evaluate("document.activeElement.closest('.edit') !== null")).toBe(true)
  await page.keyboard.press('Enter')
  expect(await page.evaluate('document.activeElement.id')).toBe('search')
  await page.locator('#search').fill('horses')
  await page.locator('#found button').first().tap()
  expect(await page.locator('.edit').count()).toBe(1)
  expect(await scrollsSideways(page)).toBe(false)
  expect(await serious(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.close()
})

it('shows hostile names and texts as texts, and says what is wrong in a sentence', chromium, async () => {
  const place = join(folder, 'hostile')
  const attack = '<img src=x onerror="document.body.dataset.hit=1"><script>document.body.dataset.hit=1</script>'
  const features = join(folder, 'features.jsonl')
  writeFileSync(features, `${JSON.stringify({ latent: 121, label: attack, max_activation: 20 })}\n`)
  await writePage({
    folder: place,
    playground: {
      ...demoPlayground,
      title: attack,
      // as of a run with examples in its prompts, whose beginnings are all the same
      prompts: [attack, `${'Question: 1 + 1 = ?\nAnswer: 2\n\n'.repeat(9)}Question: 2 + 3 = ?\nAnswer:`],
      tasks: demoPlayground.tasks
        .slice(0, 1)
        .map((task) => ({ ...task, title: attack, questions: task.questions.slice(0, 1) })),
    },
    files: { ...demoFiles, 'examples/demo/saes/layer_3/features.jsonl': features },
  })
  const { page, complaints } = await newPage({ viewport: { width: 390, height: 844 } })
  const edits = ['0 121 add 3', '9 121 add 3', '0 99999 add 3', '0 1 explode 3', '0 1 add Infinity', attack]
  // of a beginning that is longer than what the model takes the end is read
  const hash = new URLSearchParams([
    ['prompt', 'dog '.repeat(400)],
    ...edits.map((edit): [string, string] => ['edit', edit]),
  ])
  await page.goto(`${pathToFileURL(join(place, 'index.html')).href}#${hash}`)
  await isReady(page)
  await isScored(page)
  expect(await page.locator('img, script:not([src])').count()).toBe(0)
  expect(await page.evaluate('document.body.dataset.hit')).toBeUndefined()
  expect(await text(page, 'title')).toBe(attack)
  expect(await page.locator('#tasks tbody th').innerText()).toBe(`${attack}\n1 question`)
  expect(await page.locator('.edit').count()).toBe(1)
  expect(await page.locator('.edit legend').innerText()).toContain(attack)
  expect(await text(page, 'left')).toMatch(/^5 of the link's edits are not shown: .*“0 1 explode 3”, and 2 more\)\.$/)
  expect(await scrollsSideways(page)).toBe(false)
  expect(await text(page, 'cut')).toMatch(/^The model takes \d+ tokens: of this beginning the last \d+ are read/)
  const [first, second] = await page.locator('#prompts button').allInnerTexts()
  expect(first).toBe(`…${attack.slice(-79)}`)
  expect(second).toMatch(/^….{20,}Question: 2 \+ 3 = \? Answer:$/s)
  expect([...second!].length).toBeLessThanOrEqual(80)
  await page.locator('#prompts button').first().click()
  await until(page, "document.querySelector('#plain').textContent.includes('<img src=x')")
  expect(await text(page, 'cut')).toBe('')
  // what a run would refuse, and what does nothing here, is said
  await page.evaluate("location.hash = 'prompt=Long&edit=0 121 add 5&edit=0 121 add -5'")
  await expect.poll(() => text(page, 'checked'), { timeout: 30_000 }).toMatch(/the rows cancel each other/)
  await page.locator('#csv').click()
  await expect.poll(() => text(page, 'took')).toMatch(/would refuse this file: steering\.csv: the rows cancel/)
  await page.evaluate("location.hash = 'prompt=Long&edit=0 121 add 5&edit=0 18 clamp_active 3'")
  const effects = () => page.locator('.effect').allInnerTexts()
  await expect.poll(effects, { timeout: 30_000 }).toEqual(['', expect.stringMatching(/^Silent on a test sentence/)])
  expect(await text(page, 'checked')).toBe('')
  // what a colour says is in the token's name
  const colour = page.locator('#steered [class*=shade-]').first()
  expect(await colour.getAttribute('aria-label')).toMatch(/, activation \d+\.\d\d$/)
  // on paper, what colours say is there, what is to be pressed is not, and all texts are whole
  await page.emulateMedia({ media: 'print' })
  const styles = await page.evaluate<string[]>(`[
    getComputedStyle(document.querySelector('#steered [class*=shade-]')).printColorAdjust,
    getComputedStyle(document.querySelector('#next .bar')).printColorAdjust,
    getComputedStyle(document.querySelector('.steered-texts')).position,
    ...['.take', '.add', '.edit button'].map((place) => getComputedStyle(document.querySelector(place)).display),
  ]`)
  expect(styles).toEqual(['exact', 'exact', 'static', 'none', 'none', 'none'])
  await page.emulateMedia({ media: 'screen' })
  await page.evaluate("location.hash = 'prompt=Long&edit=0 18 clamp_active 3'")
  const note = () => text(page, 'tasks-note')
  await expect.poll(note, { timeout: 30_000 }).toMatch(/no row has changed anything at any of the \d+ tokens/)
  expect(await page.evaluate('document.body.dataset.hit')).toBeUndefined()
  expect(complaints).toEqual([])
  await page.close()
})
