// The 48 cells that the author of sae_steered_beta published, steered again in both senses of "clamp": which one did the author run?
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atLeast, closeTo, noted } from '../check.mjs'
import { saeval } from '../saeval.mjs'

const published = JSON.parse(readFileSync(new URL('../published/author-cells.json', import.meta.url), 'utf8'))
const base = 'google/gemma-2-2b'
const tasks = Object.keys(published.cells[0].results)

/** clamp_active sets a latent where it is active, clamp sets it everywhere. */
export const senses = ['clamp_active', 'clamp']

/** What "the same" means: this share of values within two standard errors, and this mean difference (in accuracy). */
const sameShare = 0.95
const sameMean = 0.01

async function run({ folder, flags, limit }, cells) {
  const csvs = join(folder, 'csvs')
  rmSync(csvs, { recursive: true, force: true })
  mkdirSync(csvs, { recursive: true })
  for (const cell of cells) writeFileSync(join(csvs, `${cell.name}.csv`), steeringCsv(cell))
  const sweep = join(folder, 'sweep')
  await saeval([
    ...['sweep', '--model_args', `base_name=${base}`, '--csv', join(csvs, '*.csv'), '--actions', senses.join(',')],
    ...['--tasks', tasks.join(','), '--batch_size', 'auto', '--output_path', sweep, ...flags, ...limit],
  ])
  return verdict(cells, readSweep(sweep), limit.length > 0)
}

/** A cell's rows as `saeval sweep` reads them. */
export function steeringCsv({ rows }) {
  const { sae_release, sae_id } = published
  const lines = rows.map(([latent, coefficient]) => `${latent},${coefficient},${sae_release},${sae_id},clamp`)
  return `latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n${lines.join('\n')}\n`
}

/** The accuracies of a sweep's folder: "cell action task" (or "task", unsteered) -> [value, standard error]. */
function readSweep(folder) {
  const { baseline, cells } = JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8'))
  const values = new Map()
  for (const { parameters, results } of [baseline, ...cells])
    for (const [task, file] of Object.entries(results)) {
      const found = JSON.parse(readFileSync(join(folder, file), 'utf8')).results[task]
      const name = parameters.csv === undefined && parameters.action === undefined ? task : key(parameters, task)
      values.set(name, [found['acc,none'], Number(found['acc_stderr,none'])])
    }
  return values
}

const key = ({ csv, action }, task) =>
  `${
    csv === undefined
      ? ''
      : csv
          .split(/[/\\]/)
          .at(-1)
          .replace(/\.csv$/, '')
  } ${action} ${task}`

/**
 * Rows for the table: the share of values within two standard errors and the mean difference, for each sense; one of them must fit.
 * On the same questions only the author's standard error counts; on some of them both do, and the mean is as uncertain as that of four tasks.
 */
export function verdict(cells, seen, limited) {
  const of = cells.length === 1 ? () => '' : ({ name }) => name
  const compared = senses.map((action) => {
    const pairs = cells.flatMap((cell) =>
      tasks.map((task) => {
        const [value, error] = seen.get(key({ csv: of(cell) || undefined, action }, task)) ?? [Number.NaN, 0]
        const [theirs, theirError] = cell.results[task]
        return { difference: value - theirs, within: 2 * Math.hypot(theirError, limited ? error : 0) }
      }),
    )
    const inside = pairs.filter(({ difference, within }) => Math.abs(difference) <= within).length
    const mean = pairs.reduce((sum, { difference }) => sum + difference, 0) / pairs.length
    const within = pairs.reduce((sum, pair) => sum + pair.within, 0) / pairs.length
    return { action, share: inside / pairs.length, mean, within, count: pairs.length }
  })
  const best = compared.reduce((a, b) => (score(a) >= score(b) ? a : b))
  const baseline = Object.entries(published.baseline).map(([task, accuracy]) => {
    const [value, error] = seen.get(task) ?? [Number.NaN, 0]
    return closeTo(`${task}, unsteered`, value, accuracy, 2 * error)
  })
  return [
    noted('the sense of clamp that fits', best.action),
    atLeast(`${best.action}: share of ${best.count} values within 2 standard errors`, best.share, sameShare),
    closeTo(
      `${best.action}: mean difference`,
      best.mean,
      0,
      limited ? best.within / Math.sqrt(tasks.length) : sameMean,
    ),
    ...compared
      .filter((one) => one !== best)
      .map(({ action, share, mean }) =>
        noted(`${action}: share within, mean difference`, `${share.toFixed(3)}, ${mean.toFixed(4)}`),
      ),
    ...baseline,
  ]
}

const score = ({ share, mean }) => (Number.isFinite(mean) ? share - Math.abs(mean) : Number.NEGATIVE_INFINITY)

const downloads = [
  { type: 'model', name: base, path: '' },
  { type: 'model', name: 'google/gemma-scope-2b-pt-res', path: 'layer_7/width_16k/average_l0_69/' },
  { type: 'dataset', name: 'cais/wmdp', path: 'wmdp-bio/' },
  ...tasks
    .filter((task) => task.startsWith('mmlu_'))
    .map((task) => ({ type: 'dataset', name: 'cais/mmlu', path: `${task.slice('mmlu_'.length)}/` })),
]

// 1,898 questions of about 187 tokens; the layers below the SAE, 8 of 26, are computed once for all cells
const tokens = (cells) => 3.5e5 * (1 + senses.length * cells * (18 / 26))

/** One step for all cells, since they share layers; `author:PATTERN` takes those whose names hold the pattern. */
export function author(pattern) {
  const cells = published.cells.filter(({ name }) => name.includes(pattern))
  return {
    name: pattern === '' ? 'author' : `author:${pattern}`,
    says: `${cells.length} published cells (${tasks.join(', ')}) on ${base}, in both senses of clamp`,
    cells: cells.map(({ name }) => name),
    downloads,
    parameters: 2.6e9,
    tokens: tokens(cells.length),
    run: (context) => run(context, cells),
  }
}
