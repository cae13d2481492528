import { markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { search } from '@saeval/experiments'
import {
  confirmationTable,
  controlTable,
  costTable,
  verdictText,
} from '@saeval/experiments/internal/search/search-tables'
import type { FindingsTable } from '@saeval/report'
import { findSae } from '@saeval/sae-core'
import type { Command } from 'commander'
import { openTerminal } from '../terminal/terminal.js'
import { version } from '../version.js'
import { readListedSaes } from './listed-saes.js'
import type { Surroundings } from './run.js'
import { searchOptions } from './search-options.js'

/** `saeval search`: prints what is confirmed, beside its controls and what it took. */
export async function searchCommand(
  command: Command,
  line: string,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const options = searchOptions(command)
  const { run, csv, saeRelease, saeIds, latents, label } = options
  const listed = options.saes === null ? { saes: [], named: [] } : readListedSaes(options.saes)
  const terminal = openTerminal(stderr, run)
  try {
    const result = await search({
      ...options,
      source: {
        csv,
        named: listed.named,
        saes: [...saeIds.map((id) => findSae(saeRelease!, id)), ...listed.saes],
        latents,
        label,
      },
      command: line,
      saeval: version,
      signal,
      hub: { onProgress: terminal.download, onNotice: terminal.warn },
      onNotice: terminal.notice,
      onStage: (what, share) => terminal.status({ what, share, rate: null, left: null }),
    })
    terminal.clear()
    stdout.write(`${verdictText(result)}\n`)
    for (const table of [confirmationTable(result), controlTable(result), costTable(result)])
      if (table !== null && table.rows.length > 0) stdout.write(`\n${tableText(table)}`)
    const csvLine = result.winner === null ? '' : `${result.folder}/best.csv is ready for "saeval run"; `
    terminal.info(`${csvLine}${result.folder}/search.html shows everything`)
  } catch (error) {
    if (signal.aborted) terminal.warn('answers are kept; the same command goes on')
    throw error
  } finally {
    terminal.clear()
  }
}

function tableText({ headers, rows }: FindingsTable): string {
  return `${markdownTable(
    [...headers],
    rows.map((row) => [...row]),
  )}\n`
}
