import { type Cell, markdownTable } from '@saeval/eval-harness'
import { parametersLabel } from '@saeval/report'
import type { Command } from 'commander'
import { progressLine } from '../progress.js'
import { type SweepResult, sweep } from '../sweep/sweep.js'
import { differenceCells, valueCell } from './comparison-cells.js'
import type { Surroundings } from './run.js'
import { sweepOptions } from './sweep-options.js'

/** `saeval sweep`: runs the cells, tells of each, prints the table of all. */
export async function runSweep(
  command: Command,
  line: string,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const options = sweepOptions(command)
  const progress = progressLine(stderr)
  const say = (text: string) => {
    progress.clear()
    stderr.write(`${text}\n`)
  }
  try {
    const result = await sweep({
      ...options,
      command: line,
      signal,
      onNotice: say,
      onProgress: progress.update,
      onCell: ({ id, parameters, tasks }, left) =>
        say(
          `${id === 'baseline' ? 'unsteered' : parametersLabel(parameters)} on ${tasks.length > 3 ? `${tasks.length} tasks` : tasks.join(', ')} (${left} more after it)`,
        ),
    })
    progress.clear()
    stdout.write(`${sweepText(result)}\n`)
    stderr.write(`results: ${result.folder}/sweep.csv; "saeval report ${result.folder}" shows them\n`)
  } catch (error) {
    progress.clear()
    if (signal.aborted) say('finished cells are kept; the same command goes on with the others')
    throw error
  } finally {
    progress.clear()
  }
}

/** A line for each cell and metric: the value, its difference to the unsteered model and whether that is beyond chance. */
function sweepText({ experiment: { baseline, runs }, comparisons }: SweepResult): string {
  const headers = ['Cell', 'Tasks', 'Filter', 'Metric', 'Value', 'Difference', '95 % interval', 'p (Holm)']
  const before = (baseline?.results.scores ?? []).map(({ alias, filter, metric, value }): Cell[] => {
    return ['unsteered', alias, filter, metric, valueCell(value), '', '', '']
  })
  const after = runs.flatMap(({ label }, index) =>
    comparisons[index]!.map((comparison): Cell[] => {
      const { alias, filter, metric, after } = comparison
      const [difference, interval, , corrected] = differenceCells(comparison)
      return [label, alias, filter, metric, valueCell(after), difference, interval, corrected]
    }),
  )
  return markdownTable(headers, [...before, ...after])
}
