import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'
import { browserPath } from '../../report/src/html/open-page.testing.js'

const browsers = new Map<string, Promise<Browser>>()
afterAll(async () => {
  for (const browser of browsers.values()) await (await browser).close()
})

/** What lets Chromium compute WebGPU without a GPU: on the processor, by SwiftShader. */
export const webGpuFlags = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
]

/** A new page of Chromium, by default without a GPU. `complaints` grows by what it prints, its errors, and its requests for anything but files and what it has made itself. */
export async function newPage(
  options: BrowserContextOptions = {},
  flags: readonly string[] = ['--disable-gpu'],
): Promise<{ page: Page; complaints: string[] }> {
  const key = flags.join(' ')
  const browser =
    browsers.get(key) ??
    chromium.launch({
      executablePath: browserPath!,
      args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', ...flags],
    })
  browsers.set(key, browser)
  const page = await (await (await browser).newContext(options)).newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!/^(file|blob):/.test(request.url())) complaints.push(request.url())
  })
  return { page, complaints }
}
