import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'

/** Where Chromium is; undefined when it is not installed. */
export const browserPath = ['chromium', 'chromium-browser', 'google-chrome'].map(which).find((path) => path !== null)

let browser: Browser | undefined
afterAll(() => browser?.close())

/** Opens a file in Chromium. `complaints` grows by what the page prints, its errors, and its requests for anything but files. */
export async function openPage(path: string): Promise<{ page: Page; complaints: readonly string[] }> {
  return openAddress(pathToFileURL(path).href, 'file:')
}

/** The same of an address; requests may begin with `own`. */
export async function openAddress(
  address: string,
  own = address,
): Promise<{ page: Page; complaints: readonly string[] }> {
  browser ??= await chromium.launch({
    executablePath: browserPath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  })
  const page = await browser.newPage({ hasTouch: true })
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(own)) complaints.push(request.url())
  })
  await page.goto(address)
  return { page, complaints }
}

/** What axe-core finds of WCAG 2 A and AA that is serious or critical: "rule: element". */
export async function seriousFaults(page: Page): Promise<string[]> {
  // the page's policy runs nothing but its own scripts; what the debugger evaluates is not held by it
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))
  return page.evaluate(`axe.run({ resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) =>
    violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target.join(' '))))`)
}

/** Where a program is; null when it is not installed. */
function which(program: string): string | null {
  try {
    return execFileSync('which', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}
