// Milliseconds of the page that steers, in Chromium: node bench/playground.mjs [folder of a page]..., after a build. Of several folders (before and after a change)
// rounds alternate. What is timed is seen from outside: when the frame after a change of the text is there.
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const given = process.argv.slice(2)
const folders = given.length > 0 ? given : [fileURLToPath(new URL('../docs/playground', import.meta.url))]
const rounds = 3
const executablePath = '/usr/bin/chromium'

/** In the page, before its own scripts: notes when elements change. Times are milliseconds since the page was asked for. */
function watch() {
  const changes = { steered: [], next: [] }
  window.changesOf = (id) => changes[id]
  const note = (id) => requestAnimationFrame(() => changes[id].push(performance.now()))
  const begin = () => {
    for (const id of Object.keys(changes)) {
      let last = ''
      new MutationObserver(() => {
        const text = document.getElementById(id).textContent
        if (text !== last) note(id)
        last = text
      }).observe(document.getElementById(id), { childList: true, characterData: true, subtree: true })
    }
  }
  document.addEventListener('DOMContentLoaded', begin)
}

/** The first and the last change of a text since a moment; the last when nothing has come for so long. */
async function changed(page, since, quiet = 1000) {
  for (;;) {
    await page.waitForTimeout(100)
    const [times, now] = await page.evaluate("[changesOf('steered'), performance.now()]")
    const own = times.filter((time) => time > since)
    if (own.length > 0 && now - own.at(-1) > quiet) return [own[0] - since, own.at(-1) - since]
    if (now - since > 60_000) throw new Error('the text did not change in a minute')
  }
}

async function measure(folder) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  const page = await browser.newPage()
  await page.addInitScript(watch)
  await page.goto(`${pathToFileURL(folder).href}/index.html`, { waitUntil: 'commit' })
  const found = {}
  ;[found['load: first token'], found['load: whole text']] = await changed(page, 0, 3000)
  const asked = () => page.evaluate("/questions, .* s\\./.test(document.querySelector('#tasks-note').textContent)")
  while (!(await asked())) await page.waitForTimeout(50)
  const slider = page.locator('input[type=range]').first()
  const moves = []
  for (const value of [5, 10, 15, 20, 25]) {
    const since = await slider.evaluate((element, to) => {
      element.value = String(to)
      const now = performance.now()
      element.dispatchEvent(new Event('input'))
      return now
    }, value)
    const [first, whole] = await changed(page, since)
    const table = (await page.evaluate("changesOf('next')")).find((time) => time > since)
    moves.push({ table: table - since, first, whole })
  }
  const [one, ...others] = moves
  for (const [name, text] of [
    ['table', 'table of next tokens'],
    ['first', 'first token'],
    ['whole', 'whole text'],
  ]) {
    found[`first move: ${text}`] = one[name]
    found[`later moves: ${text}`] = median(others.map((move) => move[name]))
  }
  // a drag that goes on: twenty moves, 16 milliseconds apart
  const [from, end] = await slider.evaluate(async (element) => {
    const begun = performance.now()
    for (let value = 0; value < 20; value++) {
      element.value = String(value)
      element.dispatchEvent(new Event('input'))
      await new Promise((resolve) => setTimeout(resolve, 16))
    }
    return [begun, performance.now()]
  })
  await changed(page, from)
  const during = (await page.evaluate("changesOf('next')")).filter((time) => time > from && time < end)
  const after = (await page.evaluate("changesOf('steered')")).find((time) => time > end)
  found['drag of 0.3 s: changes of the table meanwhile (count)'] = during.length
  found['drag of 0.3 s: first token after its end'] = after - end
  await browser.close()
  return found
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

const all = folders.map(() => [])
for (let round = 0; round < rounds; round++)
  for (const [index, folder] of folders.entries()) all[index].push(await measure(folder))
console.log(`median of ${rounds} rounds, milliseconds: ${folders.join(' | ')}`)
for (const name of Object.keys(all[0][0])) {
  const values = all.map((own) => Math.round(median(own.map((found) => found[name]))))
  const ratio = values.length > 1 ? `   ratio ${(values.at(-1) / values[0]).toFixed(2)}` : ''
  console.log(`${name}: ${values.join(' | ')}${ratio}`)
}
