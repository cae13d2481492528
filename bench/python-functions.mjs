// What Python functions of tasks cost: node bench/python-functions.mjs [--documents 10042] [--rounds 3]
// Documents of HellaSwag's shape go through its process_docs; then a function of one document is called, one call after the other.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '10042' }, rounds: { type: 'string', default: '3' } },
})
const [documents, rounds] = [Number(values.documents), Number(values.rounds)]
const dist = new URL('../packages/python/dist/', import.meta.url)
const { taskFunctions } = await import(new URL('pyodide/task-functions.js', dist))
const { FunctionReference } = await import(new URL('functions/function-reference.js', dist))

const source = `import re

def preprocess(text):
    text = text.strip()
    text = text.replace(" [title]", ". ")
    text = re.sub("\\\\[.*?\\\\]", "", text)
    text = text.replace("  ", " ")
    return text

def process_docs(dataset):
    def _process_doc(doc):
        ctx = doc["ctx_a"] + " " + doc["ctx_b"].capitalize()
        return {
            "query": preprocess(doc["activity_label"] + ": " + ctx),
            "choices": [preprocess(ending) for ending in doc["endings"]],
            "gold": int(doc["label"]),
        }
    return dataset.map(_process_doc)

def doc_to_text(doc):
    return "Question: " + doc["ctx"] + "\\nAnswer:"
`
const folder = mkdtempSync(join(tmpdir(), 'saeval-bench-'))
mkdirSync(join(folder, 'task'))
writeFileSync(join(folder, 'task', 'utils.py'), source)
const reference = (name) => new FunctionReference(`utils.${name}`, join(folder, 'task'))

const sentence = (words, seed) =>
  Array.from(
    { length: words },
    (_, i) => ['a', 'woman', 'washes', 'the', 'bicycle', 'near', 'water'][(seed + i * i) % 7],
  ).join(' ')
const rows = Array.from({ length: documents }, (_, i) => {
  const a = `${i % 3 ? '[header] How to wash [title] Begin. [step] ' : ''}${sentence(15 + (i % 40), i)}.`
  const b = sentence(3, i + 1)
  return new Map([
    ['ind', i],
    ['activity_label', 'Washing bicycles'],
    ['ctx_a', a],
    ['ctx_b', b],
    ['ctx', `${a} ${b}`],
    ['endings', [0, 1, 2, 3].map((k) => `${i % 2 ? ' [title] ' : ''}${sentence(12 + ((i + k) % 40), i + k)}.`)],
    ['source_id', `activitynet~v_${i}`],
    ['split', 'val'],
    ['split_type', 'indomain'],
    ['label', String(i % 4)],
  ])
})
const split = { columns: [...rows[0].keys()], length: rows.length, rows: async (from, to) => rows.slice(from, to) }

const measured = new Map()
async function measure(name, work) {
  const [clock, cpu] = [performance.now(), process.cpuUsage()]
  const result = await work()
  const { user, system } = process.cpuUsage(cpu)
  const times = measured.get(name) ?? []
  times.push({ wall: performance.now() - clock, cpu: (user + system) / 1000 })
  measured.set(name, times)
  return result
}

const calls = 1000
for (let round = 0; round < rounds; round++) {
  // the first start is kept in a cache of its own, which the later ones take; "off" starts anew and keeps nothing
  const anew = taskFunctions([folder], { env: { SAEVAL_CACHE: 'off' } })
  await measure('start of CPython, nothing kept', () => anew.resolve(reference('doc_to_text'), 'doc_to_text'))
  await anew.close()
  const env = { SAEVAL_CACHE: join(folder, 'cache') }
  const python = taskFunctions([folder], { env })
  const start = round === 0 ? 'start of CPython that is then kept' : 'start of CPython, kept'
  const call = await measure(start, () => python.resolve(reference('doc_to_text'), 'doc_to_text'))
  const processInPython = await python.processDocs(reference('process_docs'))
  await measure('process_docs', async () => (await processInPython(split)).rows())
  await measure(`${calls} calls`, async () => {
    for (const row of rows.slice(0, calls)) await call.call([row])
  })
  await python.close()
}
rmSync(folder, { recursive: true })

const median = (times, key) => times.map((time) => time[key]).sort((a, b) => a - b)[times.length >> 1]
const table = [...measured].map(([name, times]) => [
  name,
  Math.round(median(times, 'wall')),
  Math.round(median(times, 'cpu')),
])
console.log(`median of ${rounds} rounds, ${documents} documents${' '.repeat(12)} ms by the clock, ms of processor time`)
for (const [name, wall, cpu] of table) console.log(name.padEnd(44), String(wall).padStart(8), String(cpu).padStart(8))
console.log(JSON.stringify({ table }))
