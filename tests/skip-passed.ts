import { readFileSync } from 'node:fs'
import { env } from 'node:process'
import { beforeEach } from 'vitest'
import type { JsonTestResults } from 'vitest/reporters'

// In CI's second run: skips what has passed in the first, of which PASSED_REPORT is vitest's JSON report.
const { testResults } = JSON.parse(readFileSync(env.PASSED_REPORT!, 'utf8')) as JsonTestResults
const passed = new Set(
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ fullName, status }) => (status === 'passed' ? [`${inClone(name)} ${fullName}`] : [])),
  ),
)

/** A file's path from the root of whichever clone it is in. */
function inClone(path: string): string {
  return path.replace(/^.*?\/(?=(?:packages|tests)\/)/, '')
}

beforeEach(({ task, skip }) => {
  const names = [task.name]
  for (let { suite } = task; suite !== undefined; suite = suite.suite) names.unshift(suite.name)
  skip(passed.has(`${inClone(task.file.filepath)} ${names.join(' ')}`), 'it has passed in the run before')
})
