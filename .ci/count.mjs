// count.mjs BROKEN REPORT...: one line over vitest's JSON reports and the number of other checks that failed; exit code 1 if anything failed
import { readFileSync } from 'node:fs'

const [broken, ...reports] = process.argv.slice(2)
const sum = { passed: 0, failed: Number(broken), skipped: 0 }
for (const report of reports) {
  const {
    success,
    numPassedTests = 0,
    numFailedTests = 0,
    numPendingTests = 0,
  } = JSON.parse(readFileSync(report, 'utf8'))
  sum.passed += numPassedTests
  // a file that cannot be loaded fails without a test
  sum.failed += Math.max(numFailedTests, success ? 0 : 1)
  sum.skipped += numPendingTests
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exitCode = sum.failed === 0 ? 0 : 1
