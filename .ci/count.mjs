// count.mjs BROKEN REPORT...: one line over vitest's JSON reports and the number of other checks that failed; exit code 1 if anything failed.
// Before it, each test that failed with the beginning of its error: the end of a log is what is kept of it.
// A test that was skipped in one run and has passed in another is no skipped test.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

const [broken, ...reports] = process.argv.slice(2)
const sum = { passed: 0, failed: Number(broken) }
const [passed, skipped] = [new Set(), new Set()]
for (const report of reports) {
  const { success, numPassedTests = 0, numFailedTests = 0, testResults = [] } = JSON.parse(readFileSync(report, 'utf8'))
  sum.passed += numPassedTests
  // a file that cannot be loaded fails without a test
  sum.failed += Math.max(numFailedTests, success ? 0 : 1)
  for (const { name, assertionResults, message, status } of testResults) {
    const file = name.replace(/^.*?\/(?=(?:packages|tests)\/)/, '')
    const tell = (test, errors) =>
      console.log(`failed in ${basename(report, '.json')}: ${file} ${test}\n  ${errors.slice(0, 400)}`)
    if (status === 'failed' && assertionResults.length === 0) tell('(the file)', message)
    for (const { fullName, status, failureMessages } of assertionResults) {
      if (status === 'failed') tell(fullName, failureMessages.join('\n'))
      else (status === 'passed' ? passed : skipped).add(`${file} ${fullName}`)
    }
  }
}
const nowhere = [...skipped].filter((name) => !passed.has(name)).length
console.log(`${sum.passed} passed, ${sum.failed} failed, ${nowhere} skipped`)
process.exitCode = sum.failed === 0 ? 0 : 1
