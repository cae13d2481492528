import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'
import { browserPath } from '../../report/src/html/open-page.testing.js'

let browser: Browser | undefined
afterAll(() => browser?.close())

/** A new page of Chromium. `complaints` grows by what it prints, its errors, and its requests for anything but files and what it has made itself. */
export async function newPage(options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
  browser ??= await chromium.launch({
    executablePath: browserPath!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  })
  const page = await (await browser.newContext(options)).newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!/^(file|blob):/.test(request.url())) complaints.push(request.url())
  })
  return { page, complaints }
}
