import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from './fixtures.js'
import { isPrivate, link, type Manifest } from './packed-packages.js'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))

it('a release gives every changed package a version and a changelog that it carries', () => {
  const copy = temporaryFolder()
  const manifests = ['packages', 'runtimes'].flatMap((group) =>
    readdirSync(join(repository, group)).map((name) => join(group, name, 'package.json')),
  )
  for (const path of ['package.json', 'pnpm-workspace.yaml', '.changeset', ...manifests])
    cpSync(join(repository, path), join(copy, path), { recursive: true })
  const changesets = join(copy, 'node_modules', '@changesets', 'cli')
  link(join(repository, 'node_modules', '@changesets', 'cli'), changesets)
  execFileSync(process.execPath, [join(changesets, 'bin.js'), 'version'], { cwd: copy, stdio: 'pipe' })
  expect(readdirSync(join(copy, '.changeset')).filter((name) => name.endsWith('.md'))).toEqual([])
  for (const path of manifests.filter((path) => !isPrivate(dirname(join(repository, path))))) {
    const before = manifest(join(repository, path))
    const { name, version, files } = manifest(join(copy, path))
    expect(files).toContain('CHANGELOG.md')
    // onnxruntime's packages follow onnxruntime
    if (name.startsWith('@saeval/onnxruntime-')) expect([name, version]).toEqual([name, before.version])
    else {
      expect([name, version]).not.toEqual([name, before.version])
      expect(readFileSync(join(copy, path, '..', 'CHANGELOG.md'), 'utf8')).toContain(`## ${version}\n`)
    }
  }
})

const manifest = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Manifest & { files: readonly string[] }
