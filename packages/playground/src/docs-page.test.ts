import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { repository } from '../../../tests/fixtures.js'
import { demoPage, domains } from '../../../tools/demo-page/demo-page.mjs'
import { demoFiles, demoTask } from './demo-page.testing.js'

const docs = join(repository, 'docs/playground')
const site = join(repository, 'packages/playground/dist/site')
const anew = 'node tools/demo-page/build.mjs makes docs/playground anew'

/** What a script gives, by name; another zlib writes other bytes of the same content. */
function given(path: string): Map<string, Buffer> {
  const lines = readFileSync(path, 'utf8').matchAll(/^saevalFile\("([^"\n]+)", '([^'\n]*)'\)$/gm)
  return new Map([...lines].map(([, name, text]) => [name!, gunzipSync(Buffer.from(text!, 'base64'))]))
}

it.each(['index.html', 'style.css', 'page.js', 'runtime.js'])('docs/playground/%s is the one of the build', (name) => {
  expect(readFileSync(join(docs, name)).equals(readFileSync(join(site, name))), anew).toBe(true)
})

it('docs/playground/worker.js is the one of the build', () => {
  const [ours, built] = [docs, site].map((folder) => given(join(folder, 'worker.js')))
  expect([...built!.keys()]).toEqual(['/worker.js'])
  expect(ours!.get('/worker.js')?.equals(built!.get('/worker.js')!), anew).toBe(true)
})

it('docs/playground/files.js holds the demo model, its SAEs and its questions', () => {
  const files = given(join(docs, 'files.js'))
  expect([...files.keys()].sort(), anew).toEqual([...Object.keys(demoFiles), 'playground.json', '/complete'].sort())
  for (const [name, path] of Object.entries(demoFiles))
    expect(files.get(name)!.equals(readFileSync(path)), `${name}: ${anew}`).toBe(true)
  const expected = demoPage(domains.map((name) => demoTask(name)))
  expect(JSON.parse(files.get('playground.json')!.toString()), anew).toEqual(expected)
})

it('docs/playground is below 15 MB, and has nothing else', () => {
  const names = readdirSync(docs)
  expect(names.sort()).toEqual(['files.js', 'index.html', 'page.js', 'runtime.js', 'style.css', 'worker.js'])
  expect(names.reduce((sum, name) => sum + statSync(join(docs, name)).size, 0)).toBeLessThan(15e6)
})
