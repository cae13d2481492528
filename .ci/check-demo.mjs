// check-demo.mjs FILE: whether what the demo printed has the table that README.md shows; one answer more or less is another processor
import { readFileSync } from 'node:fs'

const table = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => / \d+ % \|/.test(line))
    .map((line) => ({ line, words: line.replace(/\d+/g, '#'), numbers: line.match(/\d+/g).map(Number) }))
const shown = table(readFileSync(new URL('../README.md', import.meta.url), 'utf8').split('\n## ')[0])
const printed = table(readFileSync(process.argv[2], 'utf8'))
const tidy = (words) => words.replace(/ +/g, ' ')
const wrong = shown.filter(({ words, numbers }, row) => {
  const other = printed[row]
  return !(
    other &&
    tidy(words) === tidy(other.words) &&
    numbers.length === other.numbers.length &&
    numbers.every((number, at) => Math.abs(number - other.numbers[at]) <= 1)
  )
})
for (const { line } of wrong) console.error(`not in the demo's table as README.md shows it: ${line}`)
if (shown.length !== printed.length)
  console.error(`README.md shows ${shown.length} rows, the demo printed ${printed.length}`)
process.exitCode = shown.length > 0 && shown.length === printed.length && wrong.length === 0 ? 0 : 1
