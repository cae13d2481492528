// The main job on the trained model in this repository: the same questions and stories unsteered and with one SAE latent edited.
import { domains, inTemporaryFolder, percent, runArguments, runTasks } from './demo/runs.mjs'

const columns = [null, 'forget_dogs.csv', 'add_dogs.csv']
const print = (...lines) => console.log(lines.join('\n'))

const runs = []
for (const csv of columns) {
  print(`$ saeval ${runArguments(csv).join(' ')}`.replaceAll(/ (--model_args|--tasks) /g, ' \\\n    $1 '))
  const run = await inTemporaryFolder((folder) => runTasks(csv, folder))
  for (const edit of run.edits) print(`  ${edit}`)
  runs.push(run)
}
const [unsteered, forget, add] = runs

const heads = columns.map((csv) => csv ?? 'unsteered')
const row = (cells) => `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(18) : cell.padStart(15))).join(' | ')} |`
print('', row(['correct answers', ...heads]), row(['-'.repeat(18), ...heads.map(() => `${'-'.repeat(14)}:`)]))
for (const domain of domains) print(row([`about ${domain}`, ...runs.map((run) => percent(run.accuracy[domain]))]))
print(row(['stories about dogs', ...runs.map((run) => percent(run.aboutDogs))]))

for (const index of [1, 2]) {
  const sides = [unsteered, add].map((run) => run.stories[index].opening + run.stories[index].text)
  print('', ...sideBySide([`story ${index + 1}, unsteered`, `story ${index + 1}, add_dogs.csv`], sides, 56))
}

const others = domains.filter((domain) => domain !== 'dogs')
const change = (run, domain) => `${percent(unsteered.accuracy[domain])} to ${percent(run.accuracy[domain])}`
const worst = (run) => others.reduce((a, b) => (run.accuracy[a] <= run.accuracy[b] ? a : b))
print(
  '',
  'What happened: both files edit one and the same latent of a sparse autoencoder.',
  `Held down, the model forgets dogs (${change(forget, 'dogs')}; guessing gives 25 %) and little else (at worst ${worst(forget)}, ${change(forget, worst(forget))}).`,
  `Added everywhere, it makes ${percent(add.aboutDogs)} of ${add.stories.length} stories about dogs instead of ${percent(unsteered.aboutDogs)}; the price is what it knows (at worst ${worst(add)}, ${change(add, worst(add))}).`,
)

/** Two texts in columns of a width. */
function sideBySide(titles, texts, width) {
  const lines = texts.map((text, i) => [titles[i], '-'.repeat(width), ...wrap(text, width)])
  const height = Math.max(...lines.map((side) => side.length))
  return Array.from({ length: height }, (_, i) =>
    `${(lines[0][i] ?? '').padEnd(width)}   ${lines[1][i] ?? ''}`.trimEnd(),
  )
}

function wrap(text, width) {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length >= width) lines.push('')
    lines.push(`${lines.pop()} ${word}`.trimStart())
  }
  return lines
}
