import { option, type Said, sentence } from '@saeval/hub'
import type { Verification } from '@saeval/steering'
import type { Card } from './card-file.js'
import type { CardScore, CardStatistics } from './card-statistics.js'

/** What a card's page says. */
export interface ReadmeFacts {
  readonly card: Card
  readonly statistics: CardStatistics
  readonly verification: readonly Verification[]
  readonly title: string
  /** Names options as the reader has them. */
  readonly words: (said: Said) => string
}

/** Rows of a setting's table that are shown; statistics.json has all. */
const mostRows = 60
const mostSettings = 40

/** README.md of a card: a model card of the Hugging Face Hub that says what was edited, what that did, and how to check it. */
export function cardReadme(facts: ReadmeFacts): string {
  const { card, title } = facts
  const parts = [
    frontMatter(card),
    `# ${plain(title)}`,
    `A steering card: what edits of a language model's activations do to its answers, with everything that it takes to compute that again. Made by saeval ${plain(card.saeval)} on ${plain(card.created.slice(0, 10))}.`,
    edited(card),
    effects(facts),
    verified(facts),
    checking(facts),
    contents(card),
  ]
  return `${parts.join('\n\n')}\n`
}

function frontMatter({ model, datasets }: Card): string {
  const data = Object.keys(datasets)
  const isOnHub = model.files.some(({ place, commit }) => place === model.name && commit !== null)
  const lines = [
    ...(isOnHub ? [`base_model: ${JSON.stringify(model.name)}`, 'base_model_relation: adapter'] : []),
    'library_name: saeval',
    'pipeline_tag: text-generation',
    'tags:',
    ...['steering', 'sparse-autoencoder', 'steering-card'].map((tag) => `- ${tag}`),
    ...(data.length > 0 ? ['datasets:', ...data.map((name) => `- ${JSON.stringify(name)}`)] : []),
  ]
  return `---\n${lines.join('\n')}\n---`
}

function edited({ settings, model }: Card): string {
  const commit = model.files.find(({ place }) => place === model.name)?.commit
  const base = `The model is ${code(model.name)}${commit ? ` at commit ${code(commit)}` : ''}, as it is and with these edits:`
  const shown = settings
    .slice(0, mostSettings)
    .map(({ label, edits }) => `- **${plain(label)}**: ${edits.map(code).join('; ')}`)
  const left = settings.length - shown.length
  return [
    '## What was edited',
    base,
    [...shown, ...(left > 0 ? [`- and ${left} more settings, see card.json`] : [])].join('\n'),
  ].join('\n\n')
}

function effects({ statistics, card }: ReadmeFacts): string {
  const tables = statistics.settings.slice(0, mostSettings).map(({ label, scores }, index) => {
    const rows = scores.slice(0, mostRows).map(effectRow)
    const left = scores.length - rows.length
    return [
      `### ${plain(label)}`,
      [
        '| task | metric | documents | unsteered | steered | difference | p (Holm) |',
        '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
        ...rows,
      ].join('\n'),
      ...(left > 0 ? [`${left} more rows are in statistics.json.`] : []),
      ...sideEffects(scores),
      ...controlLines(statistics, index),
    ].join('\n\n')
  })
  const left = card.settings.length - tables.length
  return [
    '## What it does',
    'Brackets hold 95 % intervals (of shares by Wilson, else by a bootstrap; of differences on the same documents by Bonett and Price, or Student). p is of no difference, corrected by Holm over all single tasks and settings.',
    ...tables,
    ...(left > 0 ? [`${left} more settings are in statistics.json.`] : []),
  ].join('\n\n')
}

function effectRow({
  task,
  metric,
  filter,
  documents,
  value,
  interval,
  unsteered,
  difference,
  unpaired,
}: CardScore): string {
  const own = `${number(value)}${interval === null ? '' : ` [${interval.map(number).join(', ')}]`}`
  const change =
    difference === null
      ? `not paired${unpaired === null ? '' : ` (${unpaired})`}`
      : `${signed(difference.value)}${difference.interval === null ? '' : ` [${difference.interval.map(signed).join(', ')}]`}`
  const p = difference === null || difference.p_holm === null ? '' : pValue(difference.p_holm)
  const cells = [
    plain(task),
    plain(filter === 'none' ? metric : `${metric} (${filter})`),
    documents,
    unsteered === null ? '' : number(unsteered),
    own,
    change,
    p,
  ]
  return `| ${cells.join(' | ')} |`
}

/** Differences that chance does not explain, in words. */
function sideEffects(scores: readonly CardScore[]): string[] {
  const moved = scores.filter(({ difference }) => difference !== null && (difference.p_holm ?? 1) < 0.05)
  const still = scores.filter(({ difference }) => difference !== null && (difference.p_holm ?? 0) >= 0.05)
  if (moved.length + still.length === 0) return []
  const name = ({ task, metric, difference }: CardScore) =>
    `${plain(task)} ${plain(metric)} (${signed(difference!.value)})`
  const first =
    moved.length === 0
      ? 'No task moved beyond chance.'
      : `Beyond chance (p < 0.05) moved: ${moved.slice(0, 12).map(name).join(', ')}.`
  const largest = still.reduce((most, { difference }) => Math.max(most, difference!.detectable), 0)
  const whose = moved.length === 0 ? 'Nothing is known' : `Of the other ${still.length} nothing is known`
  const rest =
    still.length === 0
      ? ''
      : ` ${whose} but that no change was seen: in the least certain, true differences below ${number(largest)} might not show.`
  return [first + rest]
}

function controlLines({ controls }: CardStatistics, index: number): string[] {
  const own = controls[index] ?? []
  return own.length === 0
    ? []
    : [
        'Effects beside those of random latents, random directions and the flipped sign stand in statistics.json (`controls`) and on report.html.',
      ]
}

function verified({ verification }: ReadmeFacts): string {
  const head = '## Whether the steering is real'
  const all = verification.flatMap(({ checks }) => checks)
  const count = (outcome: string) => all.filter((check) => check.outcome === outcome).length
  return `${head}\n\n\`saeval verify\` found what the formulas say: ${count('ok')} checks passed, ${count('failed')} failed, ${count('not applicable')} did not apply (verify.json).`
}

function checking({ card: { unsafe_code: isUnsafe, plugins }, words }: ReadmeFacts): string {
  const names = plugins.map(({ name }) => code(name)).join(', ')
  const more = [
    ...(isUnsafe
      ? [
          words(
            sentence`Its tasks run code that the model writes: add ${option('confirm_run_unsafe_code')} where you want that.`,
          ),
        ]
      : []),
    ...(plugins.length > 0
      ? [
          words(
            sentence`It was made with plug-ins, which a card does not hold (${names}): give yours by ${option('plugin')}.`,
          ),
        ]
      : []),
  ]
  return [
    '## How to check it',
    '    npx saeval check .',
    "In this folder, or with the name of this repository in place of the dot. It compares every file with manifest.json, the model's and the SAEs' files with their SHA-256, computes the statistics from the samples, and asks the model, steered and unsteered, random documents again.",
    ...more,
  ].join('\n\n')
}

function contents({ texts, environment, commands, datasets }: Card): string {
  const said = {
    none: 'The samples hold hashes of documents, prompts, targets and written texts, and log-probabilities; no text of a data set and none that the model wrote.',
    answers:
      "The samples hold hashes of documents, prompts and targets, and the answers: log-probabilities and what the model wrote. No text of a data set of the Hub is in here; task files and data of the author's own are, in files/.",
    all: 'The samples hold the documents and prompts of the tasks. Their licences are those of the data sets.',
  }[texts]
  const data = Object.entries(datasets).map(
    ([name, commit]) => `- ${code(name)}${commit === null ? '' : ` at commit ${code(commit)}`}`,
  )
  return [
    '## What is in here',
    said,
    ...(data.length === 0 ? [] : ['Data sets:', data.join('\n')]),
    'Made by',
    commands.map((command) => `    ${command.replaceAll('\n', ' ')}`).join('\n'),
    Object.entries(environment)
      .map(([name, value]) => `- ${plain(name)}: ${plain(value)}`)
      .join('\n'),
  ].join('\n\n')
}

function number(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value * 100) / 100) : value.toFixed(4)
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${number(Math.abs(value))}`
}

function pValue(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4)
}

/** Text that Markdown takes for nothing else. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>|#]/g, (mark) => `\\${mark}`)
}

function code(text: string): string {
  const clean = text.replace(/\s+/g, ' ').replaceAll('`', "'")
  return `\`${clean}\``
}
