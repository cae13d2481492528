import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { writeRun } from '../packages/report/src/results/fake-sweep.testing.js'
import { copyHfHome, temporaryFolder } from './fixtures.js'
import { installPacked, link, type Manifest, type PackedPackage } from './packed-packages.js'
import { writePluginsPage } from './plugins-page.js'

const runProgram = promisify(execFile)
const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = temporaryFolder()
let packages: PackedPackage[]
beforeAll(async () => {
  packages = await installPacked(folder)
})

const isRuntime = ({ manifest }: PackedPackage) => manifest.name.startsWith('@saeval/onnxruntime-')
const isProgram = ({ manifest }: PackedPackage) => manifest.name === 'saeval'
const dependencies = ({ dependencies, optionalDependencies }: Manifest) =>
  Object.entries({ ...dependencies, ...optionalDependencies })

/** What is wrong, by package: the whole of it in one comparison. */
async function faults(find: (item: PackedPackage) => readonly string[] | Promise<readonly string[]>) {
  const found: Record<string, readonly string[]> = {}
  for (const item of packages) {
    const list = await find(item)
    if (list.length > 0) found[item.manifest.name] = list
  }
  return found
}

describe('packages as they are published', () => {
  it('run nothing when they are installed, and depend on nothing that downloads', () => {
    const hooks = ['preinstall', 'install', 'postinstall']
    const running = new Set<string>()
    const seen = new Set<string>()
    const visit = (home: string) => {
      if (seen.has(home)) return
      seen.add(home)
      const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest
      if (hooks.some((hook) => hook in (manifest.scripts ?? {}))) running.add(manifest.name)
      for (const [name] of dependencies(manifest)) {
        const next = join(home.slice(0, -manifest.name.length), name)
        // optional ones for other platforms are not there
        if (existsSync(next)) visit(realpathSync(next))
      }
    }
    for (const item of packages) visit(item.folder)
    expect(seen.size).toBeGreaterThan(70)
    expect([...running]).toEqual([])
  })

  it('hold what they need and nothing else', async () => {
    const found = await faults((item) => {
      const all = readdirSync(item.folder, { recursive: true, encoding: 'utf8' })
      const wanted = ['README.md', 'LICENSE', ...(hasNotice(item.source) ? ['NOTICE'] : [])]
      return [
        ...wanted.filter((name) => !all.includes(name)).map((name) => `${name} is missing`),
        ...all.filter((name) => /\.(map|tsbuildinfo)$|\.test\.|\.testing\./.test(name)),
        ...all.filter((name) => /\.[cm]?js$/.test(name) && hasMapComment(join(item.folder, name))),
      ]
    })
    expect(found).toEqual({})
    const size = readdirSync(packages.find(isRuntime)!.folder, { recursive: true, encoding: 'utf8' })
    expect(size.filter((name) => name.endsWith('.node'))).toHaveLength(1)
  })

  it('say where they come from', async () => {
    const url = 'https://github.com/saeval/saeval'
    const found = await faults(({ manifest, source }) => {
      const directory = source.slice(repository.length + 1).replaceAll('\\', '/')
      const wanted = {
        license: 'MIT',
        homepage: `${url}/tree/main/${directory}#readme`,
        bugs: { url: `${url}/issues` },
        repository: { type: 'git', url: `git+${url}.git`, directory },
        publishConfig: { access: 'public', provenance: true },
        engines: { node: '>=20.19' },
        sideEffects: manifest.name.includes('onnxruntime'),
      }
      const wrong = Object.entries(wanted).filter(([field, value]) => !sameJson(manifest[field], value))
      const keywords = (manifest.keywords as string[] | undefined)?.length ?? 0
      return [...wrong.map(([field]) => field), ...(keywords > 0 ? [] : ['keywords'])]
    })
    expect(found).toEqual({})
  })

  it('take compatible versions as libraries, exact ones as a program', async () => {
    const found = await faults((item) =>
      dependencies(item.manifest)
        .filter(([name, range]) => {
          // parts of one program: binding and library, tensors on both sides
          const exact = isProgram(item) || /^(@saeval\/onnxruntime-|onnxruntime-common$)/.test(name)
          return !(exact ? /^\d/ : /^[~^]\d/).test(range)
        })
        .map(([name, range]) => `${name} ${range}`),
    )
    expect(found).toEqual({})
  })

  it('pass publint', async () => {
    const found = await faults(async ({ folder }) => {
      const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true })
      return messages.map((message) => formatMessage(message, pkg) ?? message.code)
    })
    expect(found).toEqual({})
  })

  it('pass arethetypeswrong', async () => {
    const found = await faults(async (item) => {
      const result = await checkPackage(createPackageFromTarballData(readFileSync(item.tarball)))
      if (!result.types) return ['no types']
      // libraries are ESM, which require() of Node 20.19 takes too; "node10" is resolution without exports
      const ignored = isRuntime(item) ? ['node10'] : ['node10', 'node16-cjs']
      return result.problems
        .filter((problem) => !('resolutionKind' in problem && ignored.includes(problem.resolutionKind)))
        .map((problem) => JSON.stringify(problem))
    })
    expect(found).toEqual({})
  })

  it.each(['nodenext', 'bundler'])('have types that stand alone: no @types/node, %s', async (resolution) => {
    const names = packages.filter((item) => !isRuntime(item)).map(({ manifest }) => manifest.name)
    const lines = names.map((name, at) => `import * as p${at} from '${name}'\nexport const k${at} = p${at}\n`)
    await compile({ [`all-${resolution}.ts`]: lines.join('') }, resolution, [])
  })

  it('say their version', async () => {
    expect(await run([saeval, '--version'])).toBe(`${packages.find(isProgram)!.manifest.version}\n`)
  })

  it('say what is missing where onnxruntime was not installed', async () => {
    const { name } = packages.find(isRuntime)!.manifest
    const backend = packages.find(({ manifest }) => manifest.name === '@saeval/lm-backend-onnx')!
    const home = join(backend.folder, '..', '..', name)
    renameSync(home, `${home}-away`)
    try {
      await expect(run([saeval, 'ls', 'devices'])).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^saeval: @saeval\/onnxruntime-\S+ is missing, .* install again .*\n$/),
      })
    } finally {
      renameSync(`${home}-away`, home)
    }
  })
})

describe('examples of the READMEs', () => {
  const readmes = { '': repository, ...Object.fromEntries(packagesOf(repository)) }
  const examples = Object.entries(readmes).flatMap(([name, home]) => {
    const blocks = readFileSync(join(home, 'README.md'), 'utf8').matchAll(/^```(?:js|ts)\n([\s\S]*?)^```/gm)
    return [...blocks].map(([, code], at): Example => ({ name: `${name || 'readme'}-${at + 1}`, code: code! }))
  })

  beforeAll(() => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    link(join(repository, 'examples'), join(folder, 'examples'))
    link(
      realpathSync(join(repository, 'node_modules', '@types', 'node')),
      join(folder, 'node_modules', '@types', 'node'),
    )
    const results = join(folder, 'results')
    writeRun(join(results, 'plain'), { pretrained: 'tiny' }, { wmdp_bio: [1, 1, 0], dogs: [1, 0, 1] })
    writeRun(join(results, 'a'), { base_name: 'tiny', csv_path: 'a.csv' }, { wmdp_bio: [0, 0, 0], dogs: [1, 0, 1] })
  })

  it('are all known here', () => {
    expect(examples.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(examples)('$name runs', async ({ name, code }) => {
    writeFileSync(join(folder, `${name}.js`), code)
    const repositories = ['datasets--cais--mmlu', 'models--google--gemma-2-2b', 'models--google--gemma-scope-2b-pt-res']
    const hub = { HF_HOME: copyHfHome(repositories), HF_HUB_OFFLINE: '1' }
    const { argv = [], prints } = expected[name]!
    expect(await run([join(folder, `${name}.js`), ...argv], hub)).toMatch(prints)
  })

  it.each(['nodenext', 'bundler'])('type check with %s', async (resolution) => {
    const sources = examples.map(({ name, code }) => [`${name}-${resolution}.ts`, code])
    await compile(Object.fromEntries(sources), resolution, ['node'])
  })
})

describe('docs/plugins.md', () => {
  const project = join(folder, 'toy')
  const printed = new Map<string, string>()

  beforeAll(async () => {
    const commands = writePluginsPage(project)
    for (const words of commands) printed.set(words[0]!, await run([saeval, ...words], {}, project))
  })

  it('steers, sweeps and reports a model that is not of this repository', () => {
    expect([...printed.keys()]).toEqual(['ls', 'validate', 'run', 'verify', 'inspect', 'generate', 'sweep', 'report'])
    expect(printed.get('ls')).toMatch(
      /^\.\/plugin\.js .*\n {2}model toy\n {2}SAE format directions\n {2}metric letters\n/,
    )
    expect(printed.get('validate')).toBe('2 tasks can be run\n')
    expect(printed.get('run')).toMatch(/toy_choice .*\n.*\|margin .*\n\|toy_letters.*\|first .*\|letters/)
    expect(printed.get('inspect')).toContain('sae layer_0 at blocks.0.hook_resid_post')
    expect(printed.get('generate')).toMatch(/^unsteered:\n(.*\n)+steered:\n/m)
    expect(printed.get('sweep')).toMatch(/coefficient −4.*\|margin/)
    expect(printed.get('report')).toContain('report.html')
  })

  it('passes every check of verify that applies', () => {
    expect(printed.get('verify')!.match(/^(ok|FAILED|not applicable)/gm)).toEqual([
      ...Array(7).fill('ok'),
      // SAE replacement and texts of settings side by side
      ...Array(2).fill('not applicable'),
    ])
  })

  it('is recorded with the results', () => {
    const file = readdirSync(project).find((name) => /^plain_.*\.json$/.test(name))!
    const files = ['plugin.js', 'scoring.js', 'sae-format.js', 'toy-model.js']
    const sha256 = createHash('sha256')
      .update(files.map((name) => readFileSync(join(project, name), 'utf8')).join(''))
      .digest('hex')
    const { saeval: record } = JSON.parse(readFileSync(join(project, file), 'utf8')) as { saeval: object }
    expect(record).toMatchObject({ plugins: [{ name: './plugin.js', version: null, sha256 }], toy: 'one' })
  })
})

interface Example {
  readonly name: string
  readonly code: string
}

/** What each example prints, and the command line it takes. */
const expected: Readonly<Record<string, { readonly argv?: readonly string[]; readonly prints: RegExp }>> = {
  'language-model-1': { prints: /^\[ \{ logprob: -3, isGreedy: false \} \] 1\n$/ },
  'steering-1': { prints: /^true true\ntrue\n$/ },
  'experiments-1': { prints: /^\[ 'coefficient=-240', 'coefficient=0', 'coefficient=240' \]\n$/ },
  'python-1': { prints: /^\{'a': 1\.0, 'b': \[True, None, 'it is'\]\}\n1 <s>\n$/ },
  'hub-1': { prints: /^[0-9a-f]{40}\ngemma2\n$/ },
  'sae-core-1': { prints: /^blocks\.20\.hook_resid_post \d+\n\d+\n$/ },
  'steering-csv-1': { prints: /^12 add\n$/ },
  'lm-backend-onnx-1': { prints: /^-\d+\.\d+\n-\d+\.\d+\n$/ },
  'eval-harness-1': { prints: /^\| *Tasks .*\n\|-.*\n\|abstract_algebra\|/ },
  'report-1': { prints: /results\/report\.html/ },
  'playground-1': { prints: /^open page\/index\.html in a browser\n$/ },
  'ui-1': { prints: /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/ },
  'cli-1': {
    argv: ['run', '--model', 'shortest', '--tasks', 'mmlu_abstract_algebra', '--limit', '3'],
    prints: /^shortest .*\n\| *Tasks .*\n\|-.*\n\|abstract_algebra\|/,
  },
}

function packagesOf(root: string): [string, string][] {
  return readdirSync(join(root, 'packages')).map((name) => [name, join(root, 'packages', name)])
}

const saeval = join(folder, 'node_modules', 'saeval', 'bin', 'saeval.js')

/** Runs Node in the folder of the packed packages and gives what it prints. */
async function run(
  argv: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd = folder,
): Promise<string> {
  // NODE_PATH would let packages find what they do not declare
  const { NODE_PATH, ...env } = process.env
  return (await runProgram(process.execPath, argv, { cwd, env: { ...env, ...variables } })).stdout
}

const hasNotice = (source: string) => existsSync(join(source, 'NOTICE'))
const hasMapComment = (path: string) => /^\/\/# sourceMappingURL=/m.test(readFileSync(path, 'utf8'))
const sameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Type checks files in the folder of the packed packages, every declaration file included. */
async function compile(sources: Readonly<Record<string, string>>, moduleResolution: string, types: readonly string[]) {
  for (const [name, code] of Object.entries(sources)) writeFileSync(join(folder, name), code)
  const config = join(folder, `tsconfig.${Object.keys(sources)[0]}.json`)
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'es2023',
    module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
    moduleResolution,
    types,
  }
  writeFileSync(config, JSON.stringify({ compilerOptions, files: Object.keys(sources) }))
  const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
  await run([tsc, '-p', config]).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout)
  })
}
