// count.mjs BROKEN REPORT...: one line over vitest's JSON reports and the number of other checks that failed; exit code 1 if anything failed.
// A test that was skipped in one run and has passed in another is no skipped test.
import { readFileSync } from 'node:fs'

const [broken, ...reports] = process.argv.slice(2)
const sum = { passed: 0, failed: Number(broken) }
const [passed, skipped] = [new Set(), new Set()]
for (const report of reports) {
  const { success, numPassedTests = 0, numFailedTests = 0, testResults = [] } = JSON.parse(readFileSync(report, 'utf8'))
  sum.passed += numPassedTests
  // a file that cannot be loaded fails without a test
  sum.failed += Math.max(numFailedTests, success ? 0 : 1)
  for (const { name, assertionResults } of testResults) {
    const file = name.replace(/^.*?\/(?=(?:packages|tests)\/)/, '')
    for (const { fullName, status } of assertionResults)
      if (status !== 'failed') (status === 'passed' ? passed : skipped).add(`${file} ${fullName}`)
  }
}
const nowhere = [...skipped].filter((name) => !passed.has(name)).length
console.log(`${sum.passed} passed, ${sum.failed} failed, ${nowhere} skipped`)
process.exitCode = sum.failed === 0 ? 0 : 1
