// The page docs/task-coverage.md.

/** Why a task does not build requests, in few words: what tasks have in common. */
const reasons = [
  [/written as a Python class/, 'written as a Python class (`class:`)'],
  [/the question is not a text: \[/, 'doc_to_text gives a list, which lm_eval refuses too'],
  [/doc_to_image/, 'the model must see images'],
  [/doc_to_audio/, 'the model must hear'],
  [
    /needs (.+?), which saeval's Python/,
    (match) => `scoring or documents need the Python package ${packageOf(match[1])}`,
  ],
  [/No package metadata was found for [`']?(\w+)/, (match) => `the Python file cannot be loaded without ${match[1]}`],
  [/cannot be loaded: \w+NotFoundError: `?(\w+)/, (match) => `the Python file cannot be loaded without ${match[1]}`],
  [/cannot be loaded/, 'the Python file cannot be loaded without its packages'],
  [/names the filter "(\w+)"/, (match) => `the filter ${match[1]}, which a Python file of the task registers`],
  [/metric_list\.(\S+) names no aggregation/, 'a metric of the package evaluate, without an aggregation'],
  [/num_beams/, 'beam search'],
  [/(?:is not a setting of a metric|is not a field of|is not known|is not supported)/, 'a setting that saeval refuses'],
]

function packageOf(path) {
  return path.startsWith('evaluate.load(')
    ? `evaluate (${/"(.+?)"/.exec(path)?.[1] ?? 'a metric'})`
    : path.split('.')[0]
}

function reasonOf({ how, why }) {
  for (const [pattern, text] of reasons) {
    const match = pattern.exec(why)
    if (match !== null) return typeof text === 'string' ? text : text(match)
  }
  return how === 'unbuilt' ? 'no documents were found on which it builds requests' : 'refused for another reason'
}

function grouped(items, keyOf) {
  const groups = new Map()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return [...groups].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))
}

/** A table whose columns are padded, as the formatter wants it. */
function table(header, rows) {
  const all = [header, ...rows].map((row) => row.map(String))
  const widths = header.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)))
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [line(all[0]), line(widths.map((width) => '-'.repeat(width))), ...all.slice(1).map(line)].join('\n')
}

export function coveragePage(results) {
  const of = (...hows) => results.filter(({ how }) => hows.includes(how))
  const percent = (list) => `${((100 * list.length) / results.length).toFixed(1)} %`
  const not = of('refused', 'unbuilt')
  const built = of('built')
  const on = (documents) => built.filter((result) => result.on === documents)
  const families = grouped(results, ({ family }) => family)
  const mixed = families.filter(([, tasks]) => tasks.some(({ how }) => how !== 'built'))
  const count = (tasks, ...hows) => tasks.filter(({ how }) => hows.includes(how)).length || ''
  return `# Which of lm-evaluation-harness's tasks run

Written by \`tools/task-coverage.mjs\` from the ${results.length.toLocaleString('en')} tasks of lm-evaluation-harness 0.4.13; do not edit.

${table(
  ['', 'tasks', 'share'],
  [
    ['load and build requests', built.length, percent(built)],
    ['do not', not.length, percent(not)],
  ],
)}

## What was checked

Each task was loaded by name with its includes, its functions were resolved, its documents went through \`process_docs\`, and the
requests of the first three were built, with as many few-shot examples as the task file says. A task counts as one that builds
requests only if there was at least one document, and at least one request for each. Functions that score answers were loaded, and
looked through for packages that are not there, but not called.

Most datasets were not at hand. ${on('stored').length.toLocaleString('en')} tasks were built on documents of their dataset that the tests' goldens hold (of
another configuration for most), ${on('made-up').length.toLocaleString('en')} on documents made up from the columns that their templates and functions read. So a column that a
dataset spells differently would show only with the dataset.

## Why tasks do not

${table(
  ['reason', 'tasks', 'which'],
  grouped(not, reasonOf).map(([reason, tasks]) => [reason, tasks.length, listed(tasks)]),
)}

## Families with tasks that do not

The other ${families.length - mixed.length} families have none.

${table(
  ['family', 'tasks', 'not'],
  [...mixed]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([family, tasks]) => [family, tasks.length, count(tasks, 'refused', 'unbuilt')]),
)}
`
}

function listed(tasks) {
  const families = grouped(tasks, ({ family }) => family).map(([family, list]) =>
    list.length > 1 ? `${family} (${list.length})` : list[0].name,
  )
  return families.length > 12
    ? `${families.slice(0, 12).join(', ')} and ${families.length - 12} more`
    : families.join(', ')
}
