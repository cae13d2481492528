// Reads mutated inputs with everything that saeval reads, each reader in a process of its own with limits of time and memory.
//
//   node tools/fuzz/fuzz.mjs [READER...] [--cases 300] [--seed 1] [--found FOLDER]
//
// First the inputs of tools/fuzz/found/READER, which were wrong once, then as many mutated ones. Right is an input that is taken or refused in one
// sentence, within 10 s and with less than 1 GB more memory. What is wrong is printed, and its input is written to --found; mend it and
// move the input, as small as it can be made, to tools/fuzz/found. Nightly: --cases 20000 --seed "$(date +%s)". Exit code 1 where anything is wrong.
import { fork } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readers } from './readers.mjs'

const longest = 10_000
const largest = 2 ** 20 // KiB

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    found: { type: 'string', default: 'fuzz-found' },
  },
})
const known = fileURLToPath(new URL('found', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'saeval-fuzz-'))
const names = positionals.length > 0 ? positionals : Object.keys(readers)
const wrongNames = names.filter((name) => !Object.hasOwn(readers, name))
if (wrongNames.length > 0)
  throw new Error(`no reader is named ${wrongNames.join(', ')}; there are ${Object.keys(readers).join(', ')}`)
const wrong = Object.fromEntries(names.map((name) => [name, 0]))
let read = 0
const waiting = [...names]
await Promise.all(Array.from({ length: availableParallelism() }, drain))
rmSync(scratch, { recursive: true, force: true })
const all = Object.values(wrong).reduce((sum, count) => sum + count, 0)
console.log(`${read} inputs of ${names.length} readers: ${all} wrong (seed ${values.seed})`)
process.exitCode = all === 0 ? 0 : 1

async function drain() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const begin = performance.now()
    const folder = join(known, name)
    const replayed = existsSync(folder)
      ? readdirSync(folder)
          .sort()
          .map((file) => join(folder, file))
      : []
    const cases = Math.ceil(Number(values.cases) / (readers[name].slow ?? 1))
    if (replayed.length > 0)
      await allOf(name, replayed.length, (from) => ['replay', String(from), ...replayed], replayed)
    await allOf(name, cases, (from) => [values.seed, String(from), String(cases)])
    read += replayed.length + cases
    console.log(
      `${name.padEnd(18)} ${cases} + ${replayed.length} inputs, ${wrong[name]} wrong, ${((performance.now() - begin) / 1000).toFixed(1)} s`,
    )
  }
}

/** Runs children until every case has had its turn; a child that has to be ended is followed by another. */
async function allOf(name, cases, argumentsFrom, replayed) {
  for (let from = 0; from < cases; from = await child(name, from, cases, argumentsFrom(from), replayed));
}

/** Runs a child from a case on; gives the next case. */
function child(name, from, cases, words, replayed) {
  return new Promise((resolve) => {
    const folder = join(scratch, name)
    const forked = fork(fileURLToPath(new URL('child.mjs', import.meta.url)), [name, ...words, folder], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        PATH: process.env.PATH,
        HOME: scratch,
        HF_HUB_OFFLINE: '1',
        HF_HOME: join(scratch, 'hf'),
        SAEVAL_CACHE: join(tmpdir(), 'saeval-fuzz-cache'),
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let at = null
    let next = from
    let timer
    let base = null
    let last = ''
    // the input of a child that has ended lies in its folder yet
    const report = (what, input = readFileSync(join(folder, readers[name].mutated))) => {
      wrong[name]++
      mkdirSync(values.found, { recursive: true })
      const kept = join(values.found, `${name}-${replayed ? 'replay' : values.seed}-${at}`)
      writeFileSync(kept, input)
      console.log(`WRONG ${name} ${replayed ? replayed[at] : at}: ${what.slice(0, 400)} (${kept})`)
    }
    forked.stderr.on('data', (chunk) => {
      last = `${last}${chunk}`.slice(-2_000)
    })
    forked.on('message', (message) => {
      clearTimeout(timer)
      if (message.begins === null) return
      if (message.begins !== undefined) {
        at = message.begins
        timer = setTimeout(() => {
          report(`more than ${longest / 1000} s`)
          next = at + 1
          forked.kill('SIGKILL')
        }, longest)
        return
      }
      next = at + 1
      base ??= message.peak
      if (message.wrong !== null) report(message.wrong, Buffer.from(message.input, 'base64'))
      if (message.peak - base > largest) {
        report(`${((message.peak - base) / 2 ** 20).toFixed(1)} GB more memory`)
        forked.kill('SIGKILL')
      }
    })
    forked.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (at === null) throw new Error(`${name}: ${/^Error: .*/m.exec(last) ?? last}`)
      if (signal !== 'SIGKILL' && next <= at && at < cases) {
        report(`ended by ${signal ?? `exit code ${code}`}: ${last}`)
        next = at + 1
      }
      resolve(signal === null && code === 0 ? cases : Math.max(next, from + 1))
    })
  })
}
