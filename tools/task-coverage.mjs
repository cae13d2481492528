// Writes docs/task-coverage.md: which of lm-evaluation-harness's tasks load and build requests here, and how.
//   node tools/task-coverage.mjs <folder lm_eval/tasks> [--only <pattern>] [--out <file>]
// Run it after a build. Options --only and --out are for looking at a part.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildTask } from './coverage/build-task.mjs'
import { coveragePage } from './coverage/page.mjs'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, out: { type: 'string' } },
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
  .filter((entry) => entry.kind === 'task' && entry.root === root)
  .map(({ name }) => name)
  .filter((name) => values.only === undefined || new RegExp(values.only).test(name))
const results = []
const builder = await buildTask({ dist, root, index, repository })
for (const [done, name] of names.entries()) {
  results.push({
    name,
    family: relative(root, index.entries.get(name).file).split('/')[0],
    ...(await builder.build(name)),
  })
  if (done % 250 === 0) console.error(`${done}/${names.length} ${process.uptime().toFixed(0)} s`)
}
await builder.close()
const out = values.out ?? join(repository, 'docs/task-coverage.md')
mkdirSync(dirname(out), { recursive: true })
writeFileSync(out, coveragePage(results))
const count = (how) => results.filter((result) => result.how === how).length
console.log(
  `native ${count('native')}, python ${count('python')}, refused ${count('refused')}, unbuilt ${count('unbuilt')} of ${results.length}`,
)
if (values.only !== undefined)
  for (const result of results.filter(({ how }) => how === 'refused' || how === 'unbuilt').slice(0, 60))
    console.log(result.name, result.how, result.why)
const differing = results.filter(({ differs }) => differs)
for (const { name, differs } of differing.slice(0, 60)) console.log('DIFFERS', name, differs)
