// Writes docs/task-coverage.md: which of lm-evaluation-harness's tasks load and build requests here, and how.
//   node tools/task-coverage.mjs <folder lm_eval/tasks> [--only <pattern>] [--out <page>] [--results <file>]
// Run it after a build. --results keeps what was found, one task a line, and goes on from there; --only and --out look at a part.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { taskBuilder } from './task-coverage/build-task.mjs'
import { coveragePage } from './task-coverage/page.mjs'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, out: { type: 'string' }, results: { type: 'string' } },
})
const [tree] = positionals
if (tree === undefined) {
  console.error('usage: node tools/task-coverage.mjs <folder lm_eval/tasks>')
  process.exit(2)
}
const dist = join(repository, 'packages/eval-harness/dist')
const { indexTasks } = await import(join(dist, 'tasks/task-index.js'))
const root = resolve(tree)
const index = indexTasks([root])
const names = [...index.entries.values()]
  .filter((entry) => entry.kind === 'task' && entry.file.startsWith(`${root}${sep}`))
  .map(({ name }) => name)
  .filter((name) => values.only === undefined || new RegExp(values.only).test(name))
const before =
  values.results !== undefined && existsSync(values.results)
    ? readFileSync(values.results, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []
const known = new Map(before.map((result) => [result.name, result]))
const results = []
const builder = await taskBuilder({ dist, root, index, repository })
for (const [done, name] of names.entries()) {
  const family = relative(root, index.entries.get(name).file).split('/')[0]
  const result = known.get(name) ?? { name, family, ...(await builder.build(name)) }
  results.push(result)
  if (values.results !== undefined && !known.has(name)) appendFileSync(values.results, `${JSON.stringify(result)}\n`)
  if (done % 250 === 0) console.error(`${done}/${names.length} ${process.uptime().toFixed(0)} s`)
}
await builder.close()
if (values.only === undefined || values.out !== undefined)
  writeFileSync(values.out ?? join(repository, 'docs/task-coverage.md'), coveragePage(results))
const count = (how) => results.filter((result) => result.how === how).length
console.log(`built ${count('built')}, refused ${count('refused')}, unbuilt ${count('unbuilt')} of ${results.length}`)
if (values.only !== undefined) for (const { name, how, why } of results) if (why) console.log(`${name} ${how}: ${why}`)
