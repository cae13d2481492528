// Milliseconds of the page that steers, in Chromium: node bench/playground.mjs [folder of a page] [path of Chromium], after a build.
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/playground', import.meta.url))
const executablePath = process.argv[3] ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage()
const data = (name) => page.evaluate(`document.body.dataset.${name}`)
// the page's policy lets nothing in it evaluate texts, so it is asked again and again
const told = async (name) => {
  while (!(await data(name))) await page.waitForTimeout(20)
}

await page.goto(`${pathToFileURL(folder).href}/index.html`)
await told('readyMilliseconds')
console.log('first text after loading:', Math.round(await data('readyMilliseconds')))
await told('scoreMilliseconds')
console.log('all questions, the first time:', Math.round(await data('scoreMilliseconds')))
const slider = page.locator('input[type=range]').first()
for (const value of [5, 10, 15, 20, 25]) {
  await page.evaluate('document.body.dataset.textMilliseconds = document.body.dataset.nextMilliseconds = ""')
  await slider.evaluate((element, to) => {
    element.value = String(to)
    element.dispatchEvent(new Event('input'))
  }, value)
  await told('textMilliseconds')
  console.log(
    `slider at ${value}: table`,
    Math.round(await data('nextMilliseconds')),
    'text',
    Math.round(await data('textMilliseconds')),
  )
}
await page.evaluate('delete document.body.dataset.scoreMilliseconds')
await told('scoreMilliseconds')
console.log('all questions, for a setting:', Math.round(await data('scoreMilliseconds')))
await browser.close()
