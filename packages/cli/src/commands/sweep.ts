import type { KindProgress, PreparedTask } from '@saeval/eval-harness'
import { planTasks } from '@saeval/eval-harness/internal/ask-model'
import { type Cell, markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { modelName } from '@saeval/eval-harness/internal/results/names'
import { type PlanAnswers, type SweepEvent, type SweepPlan, type SweepResult, sweep } from '@saeval/experiments'

import { nullEffects } from '@saeval/report'
import { loadedPlugins } from '../plugins/load-plugins.js'
import { announcementLines } from '../terminal/announcement.js'
import { askingStatus, countDocuments, preparingStatus } from '../terminal/asking-status.js'
import { type CellTable, cellTable } from '../terminal/cell-table.js'
import { expectedTime } from '../terminal/expected-time.js'
import { RemainingTime } from '../terminal/remaining-time.js'
import { SweepWork } from '../terminal/sweep-work.js'
import { openTerminal, type Terminal } from '../terminal/terminal.js'
import { version } from '../version.js'
import { controlCells, controlHeaders, differenceCells, valueCell } from './comparison-cells.js'
import type { Surroundings } from './run.js'
import type { SweepCommandOptions } from './sweep-options.js'

/** `saeval sweep`: runs the cells, fills a table with them, prints the table of all comparisons. `merging` is the plan whose answers are taken. */
export async function runSweep(
  options: SweepCommandOptions,
  line: string,
  { stdout, stderr, signal }: Surroundings,
  merging?: PlanAnswers,
): Promise<void> {
  const terminal = openTerminal(stderr, options.run)
  const { prepared, show } = sweepProgress(terminal, stderr.isTTY ? (stderr.columns || 80) - 1 : 120)
  try {
    const result = await sweep({
      ...options,
      saeval: version,
      plugins: loadedPlugins(),
      command: line,
      signal,
      hub: { onProgress: terminal.download, onNotice: terminal.warn },
      onNotice: terminal.notice,
      onEvent: show,
      onPrepared: prepared,
      ...(merging === undefined ? {} : { merging }),
      ...(options.run.dry_run
        ? {
            onPlanned: async ({ model, tasks, runs }: SweepPlan) => {
              const kinds = await planTasks(model, tasks)
              const time = await expectedTime(model, tasks, kinds, { runs, signal })
              terminal.clear()
              const name = modelName(options.run.model_args)
              for (const line of announcementLines({ ...model.info, model: name, kinds, runs, time }))
                stdout.write(`${line}\n`)
            },
          }
        : {}),
    })
    terminal.clear()
    if (result === null) return
    stdout.write(`${sweepText(result)}\n`)
    terminal.info(`results: ${result.folder}/sweep.csv; "saeval report ${result.folder}" shows them`)
  } catch (error) {
    if (signal.aborted) terminal.warn('finished cells are kept; the same command goes on with the others')
    throw error
  } finally {
    terminal.clear()
  }
}

/** Shows how far a sweep is, and fills its table. */
function sweepProgress(terminal: Terminal, columns: number) {
  const now = () => performance.now()
  const time = new RemainingTime(now)
  const work = new SweepWork()
  const documents = new Map<KindProgress['kind'], number>()
  let table: CellTable | null = null
  let begun = now()
  const show = (event: SweepEvent) => {
    work.add(event)
    time.update(work.parts)
    const { done, total } = work.cells
    if (event.stage === 'tasks') terminal.status(preparingStatus(event))
    if (event.stage === 'tried')
      terminal.status({
        what: `trying setting ${Math.min(event.done + 1, event.total)} of ${event.total}`,
        share: null,
        rate: null,
        left: null,
      })
    if (event.stage === 'start' && event.cells.length > 0) {
      table = cellTable(event.cells, columns)
      terminal.info(table.header)
      begun = now()
    }
    if (event.stage === 'cell')
      terminal.status(
        askingStatus(event.kinds, time, { documents, name: work.round, where: `run ${done + 1} of ${total}, ` }),
      )
    if (event.stage === 'finished') {
      const row = table!.row(done, event.cell, event.outcome, (now() - begun) / 1000)
      if ('error' in event.outcome) terminal.warn(row)
      else terminal.info(row)
      begun = now()
    }
  }
  return { show, prepared: (task: PreparedTask) => countDocuments(documents, task) }
}

/** A line for each cell and metric: the value, its difference to the unsteered model and whether that is beyond chance. */
function sweepText({ experiment, comparisons }: SweepResult): string {
  const { baseline, runs } = experiment
  const effects = nullEffects(experiment)
  const isControlled = effects.some((list) => list.length > 0)
  const more = isControlled ? controlHeaders : []
  const headers = ['Cell', 'Tasks', 'Filter', 'Metric', 'Value', 'Difference', '95 % interval', 'p (Holm)', ...more]
  const before = (baseline?.results.scores ?? []).map(({ alias, filter, metric, value }): Cell[] => {
    return ['unsteered', alias, filter, metric, valueCell(value), '', '', '', ...more.map(() => '')]
  })
  const after = runs.flatMap(({ label }, index) =>
    comparisons[index]!.map((comparison): Cell[] => {
      const { alias, filter, metric, after } = comparison
      const [difference, interval, , corrected] = differenceCells(comparison)
      const beside = isControlled ? controlCells(effects[index]!, comparison) : []
      return [label, alias, filter, metric, valueCell(after), difference, interval, corrected, ...beside]
    }),
  )
  return markdownTable(headers, [...before, ...after])
}
