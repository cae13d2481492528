import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const date = /\d{4}-\d\d-\d\dT\d\d([-:])\d\d\1\d\d\.\d+/g

/** A text without what differs from run to run: dates, times, and how many answers earlier processes have kept. */
export function withoutDates(text) {
  return text
    .replace(date, 'DATE')
    .replace(/"(date|start_time|end_time|kept_answers)": [\d.]+/g, '"$1": 0')
    .replace(
      /<dt>total_evaluation_time_seconds<\/dt><dd><span>[\d.]+/g,
      '<dt>total_evaluation_time_seconds</dt><dd><span>',
    )
    .replace(/"total_evaluation_time_seconds": "[^"]*"/g, '"total_evaluation_time_seconds": ""')
}

/** Name -> text of a results file and the samples that were written with it. */
function withSamples(path) {
  const [own] = basename(path).match(date)
  const names = readdirSync(dirname(path)).filter((name) => name.includes(own))
  return names.map((name) => [join(dirname(path), name), readFileSync(join(dirname(path), name), 'utf8')])
}

/** Names of all files below a folder, from there. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** What a command has written into its folder `out`, without dates: name -> text. Of several runs the last one's. */
export function resultsIn(folder) {
  const out = join(folder, 'out')
  const sweep = join(out, 'sweep.json')
  const files = []
  if (existsSync(sweep)) {
    const { baseline, cells } = JSON.parse(readFileSync(sweep, 'utf8'))
    for (const { id, results } of [baseline, ...cells]) {
      for (const path of new Set(Object.values(results))) files.push(...withSamples(join(out, path)))
      for (const name of ['cell.json', ...(id === 'baseline' ? [] : ['steer.csv'])])
        files.push([join(out, 'cells', id, name), readFileSync(join(out, 'cells', id, name), 'utf8')])
    }
    for (const path of [sweep, join(out, 'sweep.csv')]) files.push([path, readFileSync(path, 'utf8')])
  } else {
    const last = filesBelow(out)
      .filter((path) => basename(path).startsWith('results_'))
      .sort()
      .at(-1)
    if (last !== undefined) files.push(...withSamples(last))
  }
  return new Map(files.map(([path, text]) => [withoutDates(path.slice(folder.length)), withoutDates(text)]))
}

/** Where two commands' results differ first; null where they are the same. */
export function difference(expected, found) {
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const [a, b] = [expected.get(name), found.get(name)]
    if (a === undefined || b === undefined) return `${name} is only in one of them`
    if (a === b) continue
    const [linesA, linesB] = [a.split('\n'), b.split('\n')]
    const line = linesA.findIndex((text, index) => text !== linesB[index])
    return `${name}, line ${line + 1}:\n  ${linesA[line]?.slice(0, 300)}\n  ${linesB[line]?.slice(0, 300)}`
  }
  return null
}
