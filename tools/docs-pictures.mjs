// Takes the pictures of the report, of `saeval ui` and of the page that steers in docs: node tools/docs-pictures.mjs [folder], after a build. Needs Chromium.
// Without a folder it runs the demo's sweep first. Look at each picture before it is committed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { readExperiment, renderReport, writeReport } from '../packages/report/dist/index.js'
import { serveUi } from '../packages/ui/dist/index.js'

const repository = fileURLToPath(new URL('..', import.meta.url))
process.chdir(repository)
const target = 'demo_dogs:down'
const [wide, narrow] = [
  { width: 1280, height: 1000 },
  { width: 390, height: 1000 },
]
const work = mkdtempSync(join(tmpdir(), 'saeval-pictures-'))
const folder = process.argv[2] ?? join(work, 'results-demo-sweep')
const browser = await chromium.launch({
  executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
  args: ['--no-sandbox', '--disable-gpu'],
})
let ui = null
try {
  if (process.argv[2] === undefined)
    execFileSync(
      process.execPath,
      [
        'packages/cli/dist/bin.js',
        ...['sweep', '--config', 'examples/demo/sweep.yaml', '--log_samples', '--output_path', folder],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
  const report = join(work, 'report.html')
  writeReport(await renderReport(await readExperiment(folder), { target }), report)
  ui = await serveUi({ folder, target })
  await take('report-wide', pathToFileURL(report).href, wide)
  await take('report-dark', pathToFileURL(report).href, wide, { colorScheme: 'dark' })
  await take('report-phone', pathToFileURL(report).href, { ...narrow, height: 1100 })
  await take('report-print', pathToFileURL(report).href, { width: 800, height: 1000 }, { media: 'print' })
  await take('ui-results', ui.address, wide)
  await take('ui-latent', `${ui.address}latent`, wide)
  await take('ui-samples-phone', `${ui.address}samples?q=%22beagle+shows%22`, narrow, {}, /found in \d+ answers(?! …)/)
  const asked = [/^\d+ questions, .* s\./, '#tasks-note']
  await take('ui-steer', await steered(), { ...wide, height: 800 }, {}, ...asked)
  // SAE 0 of the page, and its latent about dogs
  const link = new URLSearchParams({ prompt: 'Long ago there was', edit: '0 121 add 20' })
  const page = `${pathToFileURL('docs/playground/index.html').href}#${link}`
  await take('playground-light', page, { ...wide, height: 800 }, {}, ...asked)
  await take('playground-narrow-dark', page, { ...narrow, height: 844 }, { colorScheme: 'dark' }, ...asked)
} finally {
  await ui?.close()
  await browser.close()
  rmSync(work, { recursive: true, force: true })
}

/** The address of the page that steers the run that holds the latent furthest down. */
async function steered() {
  const { runs } = await readExperiment(folder)
  const page = await (await fetch(`${ui.address}steer?run=${encodeURIComponent(runs.at(-1).id)}`)).text()
  return `${ui.address}${/<a class="way" href="([^"]*)"/.exec(page)[1].replaceAll('&amp;', '&')}`
}

/** Takes a page when the text of an element is so. */
async function take(name, address, viewport, media = {}, until = /./, where = 'body') {
  const page = await browser.newPage({ viewport })
  await page.emulateMedia(media)
  await page.goto(address)
  // a page's policy lets nothing be evaluated in it by a timer
  const end = Date.now() + 120_000
  while (!until.test(await page.locator(where).textContent())) {
    if (Date.now() > end) throw new Error(`${name}: ${where} does not say ${until}`)
    await page.waitForTimeout(200)
  }
  await page.screenshot({ path: join('docs', `${name}.png`) })
  await page.close()
  console.log(`docs/${name}.png`)
}
