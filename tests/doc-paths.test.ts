import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from './fixtures.js'

/** Every file below these folders, by paths from the repository's root. */
const files = ['packages', 'tests', 'tools', 'bench', 'examples', 'docs'].flatMap((folder) => filesBelow(folder))

function filesBelow(folder: string): string[] {
  return readdirSync(join(repository, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
}

const withoutSrc = (path: string) => path.replace('/src/', '/')
const ends = files.map((file) => `/${withoutSrc(file)}`)

test.each([
  'ARCHITECTURE.md',
  ...readdirSync(join(repository, 'docs/internals')).map((name) => `docs/internals/${name}`),
])('%s names only files that are there', (page) => {
  const text = readFileSync(join(repository, page), 'utf8')
  // a path may leave out its beginning, and src: plan/plan.ts, lm-backend-onnx/plan/plan.ts
  const named = [...text.matchAll(/`([\w@./-]+\.(?:ts|mjs|py))`/g)].map(([, path]) => path!)
  const missing = named.filter((path) => !ends.some((file) => file.endsWith(`/${withoutSrc(path)}`)))
  expect(missing).toEqual([])
})
