// See README.md.
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { seededUniform } from '../../packages/hub/dist/seeded-uniform.js'
import { bytesIn, commands, newFolder, parts, runIn } from './commands.mjs'
import { difference, filesBelow, resultsIn } from './results.mjs'

/** Exit codes of what a signal has ended, as shells have them. */
const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
/** A process is ended at most so many times before it may run to its end. */
const longestChain = 5
/** Milliseconds that a signal may take to end a process: two seconds, and half of one for a machine that does more. */
const longestEnd = 2500

/** What lets the disk be full below a folder, for --import. */
function fullDisk(folder, bytes) {
  const url = new URL('./full-disk.mjs', import.meta.url)
  url.search = new URLSearchParams({ folder, bytes }).toString()
  return url.href
}

/** Waits until a process has written more than so many bytes, or has ended. */
async function grown(child, folder, bytes) {
  while (child.exitCode === null && child.signalCode === null && bytesIn(folder) <= bytes) await wait(3)
}

/** Answers of a plan's parts that are there: name -> what tells whether the file was written again. */
function partsIn(folder) {
  const paths = filesBelow(join(folder, 'plan', 'answers')).filter((path) => path.endsWith('.json'))
  return new Map(
    paths.map((path) => {
      const { ino, mtimeMs } = statSync(path)
      return [path, `${ino} ${mtimeMs}`]
    }),
  )
}

/** Drills of one seed; `say` is told what happens. Unbroken runs are made once for each command. */
export function openDrill(seed, say = () => {}) {
  const uniform = seededUniform(seed)
  const unbroken = new Map()
  const folders = []
  const begin = () => {
    const folder = newFolder()
    folders.push(folder)
    return folder
  }
  const reference = async (name) => {
    if (unbroken.has(name)) return unbroken.get(name)
    const folder = begin()
    const startedAt = performance.now()
    const { end, endedAt, stderr } = await runIn(folder, commands[name])
    if (end !== 0) throw new Error(`${name} fails unbroken (${end}): ${stderr}`)
    const made = { results: resultsIn(folder), bytes: bytesIn(folder), milliseconds: endedAt - startedAt }
    unbroken.set(name, made)
    return made
  }
  /** Waits for a moment of a process: after a share of an unbroken one's time, or just after a share of what it has to write. */
  const moment = async (child, folder, { bytes, milliseconds }) => {
    const [kind, share, late] = [uniform(), uniform(), uniform() * 60]
    if (kind < 0.5) return wait(share * milliseconds)
    const there = bytesIn(folder)
    await grown(child, folder, there + share * Math.max(0, bytes - there))
    await wait(late)
  }
  const finish = async (name, folder, what) => {
    const { end, stderr } = await runIn(folder, commands[name])
    if (end !== 0)
      throw new Error(`${what}, seed ${seed}: the command started again ends with ${end} in ${folder}: ${stderr}`)
    const found = difference((await reference(name)).results, resultsIn(folder))
    if (found !== null) throw new Error(`${what}, seed ${seed}: other results than unbroken in ${folder}: ${found}`)
    say(`${what}: the same results`)
  }

  return {
    /** Kills a command so many times, and compares at the end. */
    kills: async (name, times) => {
      const made = await reference(name)
      const folder = begin()
      let killed = 0
      for (let time = 0; time < times; time++) {
        const meanwhile = async (child) => {
          await moment(child, folder, made)
          child.kill('SIGKILL')
        }
        const { end, stderr } = await runIn(folder, commands[name], { meanwhile })
        if (end === 'SIGKILL') killed++
        else if (end !== 0) throw new Error(`${name}, seed ${seed}: ends with ${end} in ${folder}: ${stderr}`)
      }
      await finish(name, folder, `${name}, killed ${killed} of ${times} times`)
    },
    /**
     * Kills workers of a plan until so many are killed, now and then beside one that is not killed but stands still for a while; merges, and compares.
     * Answers that are there must never be written again; when all are there, they are taken away.
     */
    workers: async (times) => {
      const name = 'sweep that is planned'
      const made = await reference(name)
      const folder = begin()
      const ends = (argv, { end, stderr }, wanted = 0) => {
        if (end !== wanted) throw new Error(`${argv[0]}, seed ${seed}: ends with ${end} in ${folder}: ${stderr}`)
      }
      const whole = async (argv) => ends(argv, await runIn(folder, argv))
      await whole(parts.plan)
      const { settings, blocks } = JSON.parse(readFileSync(join(folder, 'plan', 'plan.json'), 'utf8'))
      const killing = async (child) => {
        await moment(child, folder, made)
        child.kill('SIGKILL')
      }
      const stalling = async (child) => {
        await moment(child, folder, made)
        child.kill('SIGSTOP')
        await wait(uniform() * 1000)
        child.kill('SIGCONT')
      }
      let killed = 0
      let kept = 0
      for (let round = 0; killed < times; round++) {
        const before = partsIn(folder)
        const [dead, other] = await Promise.all([
          runIn(folder, parts.work, { meanwhile: killing }),
          // by one each time, all would be done at once
          round % 5 === 4 ? runIn(folder, parts.work, { meanwhile: stalling }) : { end: 0 },
        ])
        if (dead.end === 'SIGKILL') killed++
        else ends(parts.work, dead)
        ends(parts.work, other)
        const after = partsIn(folder)
        for (const [path, written] of before)
          if (after.get(path) !== written)
            throw new Error(
              `work, seed ${seed}: ${path} was there, and is ${after.has(path) ? 'written again' : 'lost'}`,
            )
        kept += before.size
        if (after.size === settings.length * blocks.length)
          rmSync(join(folder, 'plan', 'answers'), { recursive: true, force: true })
      }
      await whole(parts.work)
      await whole(parts.merge)
      const found = difference(made.results, resultsIn(folder))
      if (found !== null) throw new Error(`workers, seed ${seed}: other results than unbroken in ${folder}: ${found}`)
      say(`workers of a plan, ${killed} killed: the same results, and what was there (${kept} parts) was left alone`)
    },
    /** Lets several processes sweep into one folder, and kills one of them. */
    together: async () => {
      const name = 'sweep that is planned'
      const made = await reference(name)
      const folder = begin()
      const meanwhile = async (child) => {
        await moment(child, folder, made)
        child.kill('SIGKILL')
      }
      const all = await Promise.all([{ meanwhile }, {}, {}].map((options) => runIn(folder, commands[name], options)))
      for (const { end, stderr } of all.slice(1))
        if (end !== 0) throw new Error(`together, seed ${seed}: ends with ${end} in ${folder}: ${stderr}`)
      const found = difference(made.results, resultsIn(folder))
      if (found !== null) throw new Error(`together, seed ${seed}: other results than alone in ${folder}: ${found}`)
      say(`three sweeps of one folder, one of them killed: the same results`)
    },
    /** Sends each signal to a command that computes. */
    signals: async (name) => {
      let folder
      for (const [signal, code] of Object.entries(signalCodes)) {
        folder = begin()
        let sentAt = 0
        const meanwhile = async (child) => {
          await grown(child, folder, 0)
          sentAt = performance.now()
          child.kill(signal)
        }
        const { end, endedAt, stderr } = await runIn(folder, commands[name], { meanwhile })
        const took = Math.round(endedAt - sentAt)
        const said = [end, stderr.includes('interrupted\n'), filesBelow(join(folder, 'out')).length]
        if (`${said}` !== `${[code, true, 0]}` || took > longestEnd)
          throw new Error(`${name}, ${signal}: ends with ${said} after ${took} ms in ${folder}: ${stderr}`)
        say(`${name}, ${signal}: ended after ${took} ms`)
      }
      await finish(name, folder, `${name}, ended by signals`)
    },
    /** Lets the disk be full at a random moment. */
    disk: async (name) => {
      const made = await reference(name)
      const folder = begin()
      const room = Math.floor(uniform() * 0.9 * made.bytes)
      const env = { NODE_OPTIONS: `--import ${fullDisk(folder, room)}` }
      const { end, stderr } = await runIn(folder, commands[name], { env })
      const last = stderr.trimEnd().split('\n').at(-1)
      const left = filesBelow(join(folder, 'out')).filter((path) => path.endsWith('.tmp'))
      if (
        end !== 1 ||
        !/^saeval: .*the disk is full \(ENOSPC\); make room and start again$/.test(last) ||
        left.length > 0
      )
        throw new Error(`${name}, seed ${seed}: ends with ${end} after ${room} bytes in ${folder}: ${stderr}${left}`)
      await finish(name, folder, `${name}, a disk full after ${room} bytes`)
    },
    /** Removes all folders. */
    close: () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** How often each command is killed in a row, one row after the other. */
export function chains(kills) {
  const names = Object.keys(commands).filter((name) => name !== 'sweep that is planned')
  const rows = []
  for (let left = kills; left > 0; left -= rows.at(-1).times)
    rows.push({ name: names[rows.length % names.length], times: Math.min(left, longestChain) })
  return rows
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  })
  const drill = openDrill(Number(values.seed), (line) => console.log(line))
  const wanted = (what) => values.only === undefined || values.only === what
  if (wanted('kills')) for (const { name, times } of chains(Number(values.kills))) await drill.kills(name, times)
  if (wanted('workers')) await drill.workers(Number(values.kills))
  if (wanted('together')) await drill.together()
  if (wanted('signals')) await drill.signals('run')
  if (wanted('disk')) for (const { name } of chains(15)) await drill.disk(name)
  drill.close()
}
