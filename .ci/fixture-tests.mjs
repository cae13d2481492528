// Prints the test files that read fixtures, themselves or by a module of tests that they import: the others are the same on every clone.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const fixtures = resolve('tests/fixtures.ts')
/** What tests/fixtures.ts exports that is as good on every clone: a repository that a test names is the same or a smaller one of its kind. */
const everywhere = new Set([
  'copyHfHome',
  'demoFolder',
  'gpt2',
  'modelFolder',
  'needs',
  'repository',
  'temporaryFolder',
])

const files = ['packages', 'tests'].flatMap((folder) =>
  readdirSync(folder, { recursive: true }).map((file) => join(folder, file)),
)
const tests = files.filter((file) => /\.test\.ts$/.test(file) && !/[/\\](node_modules|dist)[/\\]/.test(file))
const known = new Map()
console.log(tests.filter((file) => readsFixtures(resolve(file))).join('\n'))

function readsFixtures(file) {
  if (known.has(file)) return known.get(file)
  known.set(file, false)
  const imports = [...readFileSync(file, 'utf8').matchAll(/\b(?:import|export)\b([^'"]*?)\bfrom\s+'(\.[^']+)'/gs)]
  const reads = imports.some(([, names, from]) => {
    const target = resolve(dirname(file), from.replace(/\.js$/, '.ts'))
    if (target === fixtures) return (names.match(/\w+/g) ?? []).some((name) => !everywhere.has(name))
    const isOfTests = target.includes('.testing.') || dirname(target) === dirname(fixtures)
    return isOfTests && existsSync(target) && readsFixtures(target)
  })
  known.set(file, reads)
  return reads
}
