// pnpm test:online [STEP…]: proves saeval on real weights. What it needs is said first; stopped, it goes on where it was.
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { author } from './parts/author.mjs'
import { hub as hubSteps } from './parts/hub.mjs'
import { mission } from './parts/mission.mjs'
import { pythia } from './parts/pythia.mjs'
import { saes } from './parts/saes.mjs'
import { duration, freeBytes, gigabytes, missingFiles, operations, span } from './plan.mjs'
import { repository } from './saeval.mjs'
import { openStore } from './store.mjs'
import { table } from './table.mjs'

const usage = `pnpm test:online [STEP…] [options]

Steps (all without names): hub, mission, verify, pythia, saes, saes:LOADER, author, author:PATTERN (cells whose names hold PATTERN)

  --dry_run        say what the steps are and need, and stop
  --limit N        the first N questions of mission and author; their bounds widen by the standard errors
  --device NAME    as for saeval run
  --folder FOLDER  where results are kept (default results-online); finished steps are not repeated
`

const options = { dry_run: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
for (const name of ['limit', 'device', 'folder']) options[name] = { type: 'string' }

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`test:online: ${error.message}`)
  process.exitCode = 2
}

async function main() {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (values.help) return say(usage) ?? 0
  if (values.limit !== undefined && !/^[1-9]\d*$/.test(values.limit))
    throw new Error(`--limit ${values.limit}: give a number of questions`)
  const [core, hub] = await Promise.all(
    ['sae-core', 'hub'].map((name) => import(`../../packages/${name}/dist/index.js`)),
  )
  const steps = choose([...hubSteps(hub), ...mission, ...pythia, ...saes(core), author('')], positionals)
  const folder = resolve(
    repository,
    values.folder ?? 'results-online',
    values.limit ? `limit-${values.limit}` : 'whole',
  )
  const store = openStore(folder, { commit: commit(), limit: values.limit ?? null, device: values.device ?? null })
  const left = steps.filter((step) => store.read(step) === null)

  say(
    'steps',
    ...steps.map((step) => `  ${step.name.padEnd(32)} ${step.says}${left.includes(step) ? '' : ' (finished)'}`),
  )
  const missing = await missingFiles(left, hub)
  const needed = `${gigabytes(missing.bytes)} (${missing.count} files) to download`
  const cache = cacheFolder()
  const free = freeBytes(cache)
  const finished = steps.map((step) => store.read(step)).filter((found) => found !== null)
  const flops = left.reduce((sum, step) => sum + operations(step), 0)
  say(
    `disk: ${needed} into ${cache}, where ${gigabytes(free)} are free`,
    `time: ${duration(flops, finished)}, besides downloads`,
  )
  for (const [why, names] of missing.unreachable) say(`  ${[...new Set(names)].join(', ')}: ${why}`)
  if (values.dry_run) return 0
  if (missing.bytes > free)
    throw new Error(
      `${gigabytes(missing.bytes)} do not fit into ${cache}; set HF_HOME to a larger disk or name fewer steps`,
    )

  for (const [index, step] of left.entries()) {
    say('', `${step.name} (${index + 1} of ${left.length}): ${step.says}`)
    await work(step, store, values)
  }
  const rows = steps.flatMap((step) =>
    (store.read(step)?.rows ?? failures.get(step) ?? []).map((row) => ({ step: step.name, ...row })),
  )
  const off = rows.filter(({ ok }) => !ok).length
  say('', table(rows), '', off === 0 ? `all ${rows.length} as expected` : `${off} of ${rows.length} not as expected`)
  return off === 0 ? 0 : 1
}

/** Rows of steps that could not finish; they are tried again by the next command. */
const failures = new Map()

async function work(step, store, { limit, device }) {
  const deviceFlags = device === undefined ? [] : ['--device', device]
  const limitFlags = limit === undefined ? [] : ['--limit', limit]
  const context = {
    folder: store.folder(step),
    device: deviceFlags,
    deviceName: device,
    flags: deviceFlags,
    limit: limitFlags,
  }
  const start = performance.now()
  try {
    const rows = await step.run(context)
    const seconds = (performance.now() - start) / 1000
    store.write(step, { rows, seconds, operations: limit === undefined ? operations(step) : 0 })
    say(`${step.name}: ${rows.every(({ ok }) => ok) ? 'as expected' : 'NOT as expected'}, ${span(seconds)}`)
  } catch (error) {
    failures.set(step, [{ what: 'did not finish', seen: error.message.split('\n')[0], expected: '', ok: false }])
    say(`${step.name}: ${error.message}`)
  }
}

/** The steps of the names, in their own order; "saes" stands for all that begin with it. */
function choose(steps, names) {
  if (names.length === 0) return steps
  const cells = names.filter((name) => name.startsWith('author:')).map((name) => author(name.slice('author:'.length)))
  const wanted = names.filter((name) => !name.startsWith('author:'))
  for (const name of wanted)
    if (!steps.some((step) => matches(step, name)))
      throw new Error(`there is no step "${name}"; they are ${steps.map((step) => step.name).join(', ')}`)
  for (const { name, cells: chosen } of cells)
    if (chosen.length === 0) throw new Error(`no published cell's name holds "${name.slice('author:'.length)}"`)
  return [...steps.filter((step) => wanted.some((name) => matches(step, name))), ...cells]
}

function matches(step, name) {
  return step.name === name || step.name.startsWith(`${name}:`)
}

/** What results depend on besides the steps: the code. */
function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

/** Where the hub's files go, as packages/hub finds it. */
function cacheFolder() {
  const { env } = process
  const home =
    env.HF_HOME || join(env.XDG_CACHE_HOME || join(env.HOME ?? env.USERPROFILE ?? '.', '.cache'), 'huggingface')
  return env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub')
}

function say(...lines) {
  console.log(lines.join('\n'))
}
