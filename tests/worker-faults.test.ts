import { type ChildProcess, execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newFolder, runIn } from '../tools/crash-drill/commands.mjs'
import { childOf, clockAhead, ownMounts, ownProcessIds } from '../tools/crash-drill/hosts.mjs'
import { filesBelow } from '../tools/crash-drill/results.mjs'
import { needs } from './fixtures.js'

// what of a plan's worker a process of another host, or one in trouble, must not break; kills at random moments are drilled in crash-drill.test.ts

const asked = ['-t', 'demo_dogs', '--include_path', 'examples/demo/tasks', '--device', 'cpu', '-b', '4', '-L', '40']
const sweep = ['-a', 'base_name=examples/demo/model', '--csv', 'examples/demo/forget_dogs.csv', ...asked, '-o', 'out']
/** One item of two parts. */
const plan = ['plan', 'plan', '--shards', '1', ...sweep]
const work = ['work', 'plan', '--shard', '0']

const folders: string[] = []
const begin = () => {
  const folder = newFolder()
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

let template: string
/** Of a plan that one worker has done, undisturbed. */
let expected: ReadonlyMap<string, string>

const answersIn = (folder: string, plan = 'plan') => {
  const place = join(folder, plan, 'answers')
  return new Map(filesBelow(place).map((path) => [path.slice(place.length), readFileSync(path, 'utf8')]))
}

beforeAll(async () => {
  template = begin()
  expect(await runIn(template, plan)).toMatchObject({ end: 0 })
  const done = planned()
  expect(await runIn(done, work)).toMatchObject({ end: 0 })
  expected = answersIn(done)
  expect(expected.size).toBe(2)
}, 240_000)

/** A folder with the plan, nothing of it done. */
function planned() {
  const folder = begin()
  cpSync(join(template, 'plan'), join(folder, 'plan'), { recursive: true })
  return folder
}

const claimOf = (folder: string) => join(folder, 'plan/claims/00000.claim')

async function until(what: () => boolean) {
  for (const end = Date.now() + 120_000; !what(); await wait(5)) if (Date.now() > end) throw new Error(`${what}`)
}

/** Starts a worker on the first item that stands still as soon as it has claimed it. */
async function standingStill(
  folder: string,
  options: { env?: Record<string, string>; before?: readonly string[] } = {},
) {
  let starter: ChildProcess | null = null
  const meanwhile = async (child: ChildProcess) => {
    starter = child
  }
  const ended = runIn(folder, work, { ...options, meanwhile })
  await until(() => existsSync(claimOf(folder)))
  const pid = options.before === undefined ? starter!.pid! : childOf(starter!)
  process.kill(pid, 'SIGSTOP')
  return { ended, signal: (signal: NodeJS.Signals) => process.kill(pid, signal) }
}

/** Starts a worker on the first item; calls back when it has said that it waits for another. */
const waiting = (
  folder: string,
  then: (said: string) => Promise<void>,
  options: { env?: Record<string, string>; before?: readonly string[] } = {},
) =>
  runIn(folder, work, {
    ...options,
    meanwhile: async (_, said) => {
      await until(() => said().includes('waiting for it'))
      // it looks a few times
      await wait(1000)
      await then(said())
    },
  })

/** Lets a minute pass for a claim whose owner is silent. */
const age = (folder: string) => {
  const then = Date.now() / 1000 - 90
  utimesSync(claimOf(folder), then, then)
}

const checkDone = (folder: string) => {
  expect(answersIn(folder)).toEqual(expected)
  // nothing is left of claims, nor written aside
  expect(readdirSync(join(folder, 'plan/claims'))).toEqual([])
}

describe.concurrent('a worker', { timeout: 240_000 }, () => {
  it('that stands still is replaced when it is silent for a minute, and wakes up to work that is done', async () => {
    const folder = planned()
    const first = await standingStill(folder)
    const claim = readFileSync(claimOf(folder), 'utf8')
    let taken = ''
    const second = await waiting(folder, async () => {
      expect(readFileSync(claimOf(folder), 'utf8')).toBe(claim)
      age(folder)
      await until(() => existsSync(claimOf(folder)) && readFileSync(claimOf(folder), 'utf8') !== claim)
      taken = readFileSync(claimOf(folder), 'utf8')
      // the first one is awake while the second one works
      first.signal('SIGCONT')
    })
    expect(second.end).toBe(0)
    expect(taken).not.toBe(claim)
    expect(await first.ended).toMatchObject({ end: 0 })
    checkDone(folder)
  })

  const clocks = { behind: clockAhead(-600), ahead: clockAhead(600) }
  it('waits for one whose clock is ten minutes behind, by a clock that is ten minutes ahead', {
    ...needs("Debian's libfaketime", clocks.ahead !== null),
  }, async () => {
    const folder = planned()
    const first = await standingStill(folder, { env: { ...clocks.behind! } })
    const claim = readFileSync(claimOf(folder), 'utf8')
    const second = await waiting(
      folder,
      async () => {
        expect(readFileSync(claimOf(folder), 'utf8')).toBe(claim)
        first.signal('SIGCONT')
      },
      { env: { ...clocks.ahead! } },
    )
    expect(second.end).toBe(0)
    expect(await first.ended).toMatchObject({ end: 0 })
    const [part] = filesBelow(join(folder, 'plan/answers'))
    // the disk's time
    expect(Math.abs(statSync(part!).mtimeMs - Date.now())).toBeLessThan(300_000)
    checkDone(folder)
  })

  const before = ownProcessIds()
  it('is not judged by its id, nor judges another by it, where they count in other namespaces', {
    ...needs('namespaces of process ids', before !== null),
  }, async () => {
    const folder = planned()
    const first = await standingStill(folder, { before: before! })
    const claim = readFileSync(claimOf(folder), 'utf8')
    // an id that other processes have, here and in the second one's place
    expect(JSON.parse(claim)).toMatchObject({ pid: 1 })
    const second = await waiting(
      folder,
      async (said) => {
        expect(said).toMatch(/item 0 is being done by process 1 on /)
        first.signal('SIGKILL')
        // nobody can know that it has ended
        await wait(1000)
        expect(readFileSync(claimOf(folder), 'utf8')).toBe(claim)
        age(folder)
      },
      { before: before! },
    )
    expect(second.end).toBe(0)
    await first.ended
    checkDone(folder)
  })

  it('does not take its own age from a /proc that is not its own', {
    ...needs('namespaces of process ids', before !== null),
  }, () => {
    const identity = new URL('../packages/hub/dist/claims/process-identity.js', import.meta.url)
    const script = `import('${identity}').then(({ ownIdentity }) => console.log(JSON.stringify(ownIdentity())))`
    const started = ([program, ...words]: readonly string[]) =>
      JSON.parse(execFileSync(program!, [...words, process.execPath, '-e', script], { encoding: 'utf8' }))
    expect(started(before!)).toMatchObject({ pid: 1, started: expect.stringMatching(/^\d+$/) })
    expect(started(before!.filter((word) => word !== '--mount-proc'))).toMatchObject({ pid: 1, started: '' })
  })

  const mounts = ownMounts()
  it('whose disk is full says so, and what it has done is kept', {
    ...needs('mounts of its own', mounts !== null),
  }, async () => {
    const folder = planned()
    // room for a claim and the answers to one block, in pages of 4 KiB, and a page less than another's
    const pages = (path: string) => Math.ceil(statSync(path).size / 4096)
    const there = filesBelow(join(folder, 'plan')).reduce((sum, path) => sum + pages(path), 1)
    const [least, most] = [Math.min, Math.max].map((of) =>
      of(...[...expected.values()].map((text) => Math.ceil(text.length / 4096))),
    )
    expect(least).toBeGreaterThan(1)
    const room = 4 * (there + most! + least! - 1)
    const script = `mv plan planned; mkdir plan; mount -t tmpfs -o size=${room}k tmpfs plan; cp -r planned/. plan
"$@"; echo "full: $?" >&2; cp -a plan full; mount -o remount,size=1m plan
"$@"; echo "roomy: $?" >&2; cp -a plan roomy`
    const { stderr } = await runIn(folder, work, { before: [...mounts!, script, 'sh'] })
    const lines = stderr.split('\n').filter((line) => /^(saeval|full|roomy): /.test(line))
    expect(lines).toEqual([
      expect.stringMatching(
        /^saeval: cannot write plan\/answers\/.*: the disk is full \(ENOSPC\); make room and start again$/,
      ),
      'full: 1',
      'roomy: 0',
    ])
    const [full, roomy] = [answersIn(folder, 'full'), answersIn(folder, 'roomy')]
    expect(roomy).toEqual(expected)
    expect(full.size).toBe(1)
    for (const path of full.keys()) {
      const [before, after] = ['full', 'roomy'].map((name) => statSync(join(folder, name, 'answers', path)).mtimeMs)
      expect(after).toBe(before)
    }
    expect(filesBelow(join(folder, 'full')).filter((path) => path.endsWith('.tmp'))).toEqual([])
  })
})
