import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** Options of a test or suite that something on this machine is missing for: nothing, or skipped with what it needs. */
export interface TestNeeds {
  readonly skip?: true
  readonly meta?: { readonly needs: string }
}

declare module 'vitest' {
  interface TaskMeta {
    /** What is not here and must be for the test to run. */
    needs?: string
  }
}

/** What a skipped test needs: said by the test, or by a suite around it; null where neither says it. */
function needOf(test: TestCase): string | null {
  const result = test.result()
  if (result.state === 'skipped' && result.note !== undefined) return result.note
  let task: TestCase | TestCase['parent'] = test
  while (task.type !== 'module') {
    const { needs } = task.meta()
    if (needs !== undefined) return needs
    task = task.parent
  }
  return null
}

/** One line on how many tests of a run were skipped, and why; null where none was. */
export function skippedLine(needs: readonly (string | null)[]): string | null {
  if (needs.length === 0) return null
  const counts = new Map<string | null, number>()
  for (const need of needs) counts.set(need, (counts.get(need) ?? 0) + 1)
  const reasons = [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([need, count]) => `${count} ${need === null ? 'without a reason' : `for want of ${need}`}`)
  return `${needs.length} skipped: ${reasons.join(', ')}`
}

/** Says at the end of a run how many tests were skipped, and what they need. */
export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')])
    const line = skippedLine(skipped.map(needOf))
    if (line !== null) console.log(line)
  }
}
