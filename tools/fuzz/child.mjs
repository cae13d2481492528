// Reads mutated inputs of one reader, one after the other, and tells the parent what came of each.
//   child.mjs READER SEED FROM TO FOLDER, or child.mjs READER replay FROM FILE... FOLDER
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { seededUniform } from '../../packages/hub/dist/seeded-uniform.js'
import { wrongEnd, wrongError } from './judge.mjs'
import { readers } from './readers.mjs'

const [name, seed, ...rest] = process.argv.slice(2)
const folder = rest.pop()
const reader = readers[name]
const from = Number(rest.shift())
const inputs = seed === 'replay' ? rest.map((file) => readFileSync(file)) : null
const to = inputs === null ? Number(rest[0]) : inputs.length
const cli = reader.argv === undefined ? null : await import('../../packages/cli/dist/index.js')
if (cli !== null) await cli.registerModels()
// run by hand it prints
process.send ??= (message, done) => {
  console.log(message)
  done?.()
}
const taken = await outcome(reader.files[reader.mutated])
if (taken.refused) throw new Error(`the reader refuses its own input: ${taken.message}`)
// what is thrown beside the reading is as wrong as what is thrown by it
let beside = null
process.on('unhandledRejection', (error) => {
  beside = `unhandled: ${wrongError(error) ?? error.message}`
})
process.on('uncaughtException', (error) => {
  beside = `uncaught: ${wrongError(error) ?? error.message}`
})

process.send({ begins: null })
for (let at = from; at < to; at++) {
  const input = inputs === null ? mutated(at) : inputs[at]
  process.send({ begins: at })
  beside = null
  const end = await outcome(input)
  await new Promise((resolve) => setImmediate(resolve))
  const wrong = end.wrong ?? beside
  const peak = process.resourceUsage().maxRSS
  const message = { ends: at, wrong, peak, input: wrong === null ? null : input.toString('base64') }
  await new Promise((resolve) => process.send(message, resolve))
}
process.disconnect?.()

/** The case's input: the reader's own, mutated by numbers that the seed, the reader and the case decide. */
function mutated(at) {
  const random = seededUniform(hash(`${seed} ${name} ${at}`))
  const bytes = reader.files[reader.mutated]
  if (reader.only === undefined) return reader.mutate(bytes, random)
  const text = bytes.toString()
  const { 0: part, index } = reader.only.exec(text)
  return Buffer.concat([
    Buffer.from(text.slice(0, index)),
    reader.mutate(Buffer.from(part), random),
    Buffer.from(text.slice(index + part.length)),
  ])
}

function placed(bytes) {
  const at = bytes.indexOf('FOLDER')
  return at === -1 ? bytes : Buffer.concat([bytes.subarray(0, at), Buffer.from(folder), bytes.subarray(at + 6)])
}

/** Reads the reader's files with this input among them. */
async function outcome(input) {
  rmSync(folder, { recursive: true, force: true })
  for (const [file, bytes] of Object.entries(reader.files)) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, placed(file === reader.mutated ? input : bytes))
  }
  if (cli === null)
    return reader.read(folder).then(
      () => ({ refused: false, wrong: null }),
      (error) => ({ refused: true, message: error.message, wrong: wrongError(error) }),
    )
  let stderr = ''
  const stream = (write) => ({
    write: (text) => {
      write(String(text))
      return true
    },
    on() {},
    once() {},
    emit() {},
    removeListener() {},
    isTTY: false,
  })
  const surroundings = {
    stdout: stream(() => {}),
    stderr: stream((text) => {
      stderr += text
    }),
    signal: new AbortController().signal,
  }
  const code = await cli.main(reader.argv(folder), surroundings)
  return { refused: code !== 0, message: stderr, wrong: wrongEnd({ code, stderr }) }
}

function hash(text) {
  let value = 0x811c9dc5
  for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0), 0x01000193)
  return value >>> 0
}
