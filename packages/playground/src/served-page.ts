import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Playground } from './browser/playground.js'
import type { PageFiles } from './page-files.js'

/** What a server gives at an address: bytes, or a file of the machine. */
export type ServedContent = { readonly type: string } & (
  | { readonly bytes: string | Uint8Array }
  | { readonly path: string }
)

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}
const site = fileURLToPath(new URL('../dist/site', import.meta.url))
const own = ['style.css', 'page.js', 'worker.js', 'runtime.js', 'runtime-webgpu.js']

/**
 * A page for a server: what it gives below the page's folder, by name. The page is the one of `writePage`, but for its policy, which lets it ask this server for the
 * model's files: they come as they are, and as streams. `''` is the page itself.
 */
export function servedPage(playground: Playground, files: PageFiles): ReadonlyMap<string, ServedContent> {
  const content = new Map<string, ServedContent>()
  for (const name of own) {
    const path = `${site}/${name}`
    content.set(name, { type: types[name.split('.').at(-1)!]!, path })
  }
  const html = readFileSync(`${site}/index.html`, 'utf8')
    .replace("form-action 'none'", "connect-src 'self'; form-action 'none'")
    .replace('<html', '<html data-served')
  content.set('', { type: types.html!, bytes: html })
  const listed = Object.entries(files).map(([name, path], index) => {
    const address = `file-${index}`
    content.set(address, { type: 'application/octet-stream', path })
    return [name, address]
  })
  content.set('file-playground', { type: 'application/json', bytes: JSON.stringify(playground) })
  const list = [['playground.json', 'file-playground'], ...listed]
  content.set('files.js', {
    type: types.js!,
    bytes: `saevalServed(${JSON.stringify(list)})\n`,
  })
  return content
}
