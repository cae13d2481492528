import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { needs, temporaryFolder } from './fixtures.js'
import { serveRegistry } from './local-registry.js'
import { installPacked } from './packed-packages.js'

const run = promisify(execFile)
const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const registryIsThere = await run('npm', ['ping', '--fetch-retries=0'], { timeout: 60_000 }).then(
  () => true,
  () => false,
)

it('npm install saeval in an empty folder downloads packages only, and answers the demo question', {
  ...needs('the npm registry', registryIsThere),
  timeout: 600_000,
}, async () => {
  const packages = await installPacked(temporaryFolder())
  const registry = await serveRegistry(packages)
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "version": "1.0.0" }')
  writeFileSync(join(folder, '.npmrc'), `@saeval:registry=${registry.url}\nengine-strict=true\n`)
  try {
    const { tarball } = packages.find(({ manifest }) => manifest.name === 'saeval')!
    await run('npm', ['install', '--prefer-offline', '--no-audit', tarball], { cwd: folder })
  } finally {
    registry.close()
  }
  const installed = readdirSync(join(folder, 'node_modules', '@saeval')).filter((name) =>
    name.startsWith('onnxruntime'),
  )
  expect(installed).toEqual([`onnxruntime-${process.platform}-${process.arch}`])
  const all = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' })
  expect(all.filter((name) => /providers_cuda|onnxruntime-node/.test(name))).toEqual([])
  // what devices are called by is there, and no package has run a script
  expect(all).toContain(join('@koromix', `koffi-${process.platform}-${process.arch}`, 'package.json'))
  const scripts = all
    .filter((name) => /^(@[^/\\]+[/\\])?[^/\\]+[/\\]package\.json$/.test(name))
    .flatMap((name) => {
      const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'node_modules', name), 'utf8'))
      return ['preinstall', 'install', 'postinstall']
        .filter((script) => script in scripts)
        .map((script) => `${name}: ${script}`)
    })
  expect(scripts).toEqual([])

  symlinkSync(join(repository, 'examples'), join(folder, 'examples'), 'junction')
  mkdirSync(join(folder, 'home'))
  const model = 'base_name=examples/demo/model,csv_path=examples/demo/forget_dogs.csv'
  const question = ['--tasks', 'demo_dogs', '--include_path', 'examples/demo/tasks', '--batch_size', 'auto']
  const { stdout } = await run(
    join('node_modules', '.bin', 'saeval'),
    ['run', '--model', 'sae_steered_beta', '--model_args', model, ...question, '--device', 'cpu'],
    { cwd: folder, env: { PATH: process.env.PATH, HOME: join(folder, 'home'), HF_HUB_OFFLINE: '1' } },
  )
  expect(stdout).toContain('|demo_dogs|      1|none  |     0|acc   |↑  |0.3542|±  |0.0491|')
})
