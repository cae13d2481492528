// Compares templates with what Jinja made of them: node tools/goldens/check-jinja.mjs CASES.jsonl [SHOWN]. Run it after a build.
// A difference is silent (another text), missing (a text where Jinja raises) or loud (an error where Jinja gives a text).
import { readFileSync } from 'node:fs'
import { parseJson } from '../../packages/python/dist/json/json.js'
import { renderTemplate } from '../../packages/python/dist/templates/render-template.js'

const [file, shown = '12'] = process.argv.slice(2)
const [head, ...cases] = readFileSync(file, 'utf8').trim().split('\n')
const differences = { silent: [], missing: [], loud: [] }
for (const line of cases) {
  const { template, expected, error } = JSON.parse(line)
  let text = null
  let failure = null
  try {
    text = renderTemplate(template, parseJson(head).get('doc'))
  } catch (cause) {
    if (cause.name !== 'PythonError') throw cause
    failure = cause
  }
  if (expected === undefined && failure === null) differences.missing.push([template, error, text])
  else if (expected !== undefined && failure !== null) differences.loud.push([template, expected, failure.message])
  else if (expected !== undefined && text !== expected) differences.silent.push([template, expected, text])
}
for (const [kind, list] of Object.entries(differences)) {
  console.log(`${kind}: ${list.length} of ${cases.length}`)
  for (const [template, theirs, ours] of list.slice(0, Number(shown)))
    console.log(`${template}\n    Jinja ${JSON.stringify(theirs)}\n    here  ${JSON.stringify(ours)}`)
}
process.exitCode = differences.silent.length > 0 ? 1 : 0
