// Prints every number of this folder's README, measured by saeval: `node examples/demo/measure.mjs`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModel } from '@saeval/lm-backend-onnx'
import { domains, inTemporaryFolder, model, percent, repository, runTasks } from './runs.mjs'

const columns = [null, 'forget_dogs.csv', 'add_dogs.csv']
const members = JSON.parse(readFileSync(join(repository, 'examples/demo/members.json'), 'utf8'))
const unsteered = await loadModel({ model: join(repository, model), device: 'cpu' })

const runs = []
for (const csv of columns) runs.push(await inTemporaryFolder((folder) => runTasks(csv, folder)))

const rows = [
  ['', ...columns.map((csv) => csv ?? 'unsteered')],
  ['---', ...columns.map(() => '---:')],
  ...domains.map((domain) => [`questions about ${domain}`, ...runs.map((run) => percent(run.accuracy[domain]))]),
  ['stories that open with a dog', ...runs.map((run) => percent(run.aboutDogs))],
  ['stories that name a dog and nobody else', ...runs.map(({ stories }) => percent(mean(stories.map(onlyDogs))))],
  ['log-likelihood per token, unsteered model', ...(await Promise.all(runs.map(({ stories }) => likelihood(stories))))],
]
console.log(rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n'))
await unsteered.close()

/** 1 where a story names a kind of dog and no member of another domain. */
function onlyDogs({ text }) {
  const words = new Set(text.match(/[A-Za-z]+/g))
  const named = Object.keys(members).filter((domain) => members[domain].some((member) => words.has(member)))
  return Number(named.join() === 'dogs')
}

/** Mean log-probability of the stories' tokens, their openings given. */
async function likelihood(stories) {
  const scores = await unsteered.loglikelihood(
    stories.map(({ opening, text }) => ({ context: opening, continuation: text })),
  )
  const tokens = stories.map(
    ({ opening, text }) =>
      unsteered.tokenizer.encode(opening + text).length - unsteered.tokenizer.encode(opening).length,
  )
  const total = (values) => values.reduce((sum, value) => sum + value, 0)
  return (total(scores.map(({ logprob }) => logprob)) / total(tokens)).toFixed(2)
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
