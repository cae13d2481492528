import { basename, join } from 'node:path'
import { markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { explain } from '@saeval/experiments'
import { makeWritableFolder, writeFiles } from '@saeval/hub'
import type { ExplainedAnswer, ExplainedPart, Explanation } from '@saeval/report'
import type { Command } from 'commander'
import { openTerminal } from '../terminal/terminal.js'
import { version } from '../version.js'
import { explainOptions } from './explain-options.js'
import type { Surroundings } from './run.js'

/** `saeval explain`: why answers flipped, printed and as a file that a report shows. */
export async function explainCommand(
  command: Command,
  line: string,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const { run, most, json } = explainOptions(command)
  const { output_path: folder } = run
  if (folder !== null) makeWritableFolder(`--output_path ${folder}`, folder)
  const terminal = openTerminal(stderr, run)
  try {
    const found = await explain({
      run,
      most,
      command: line,
      saeval: version,
      signal,
      hub: { onProgress: terminal.download, onNotice: terminal.warn },
      onNotice: terminal.notice,
      onStage: (what, share) => terminal.status({ what, share, rate: null, left: null }),
    })
    terminal.clear()
    const text = `${JSON.stringify(found, null, 2)}\n`
    stdout.write(json ? text : explanationText(found))
    if (folder === null) return
    const path = join(folder, `explained_${basename(found.csv, '.csv')}.json`)
    writeFiles([[path, text]])
    terminal.info(`${path} holds the parts of ${found.documents.length} answers`)
  } finally {
    terminal.clear()
  }
}

function explanationText({ csv, changed, asked, documents }: Explanation): string {
  const head = `${csv}: ${changed} of ${asked} answers changed\n`
  return [head, ...documents.map(answerText)].join('\n')
}

function answerText({ task, doc_id: id, before, after, rows, positions }: ExplainedAnswer): string {
  const [one, other] = [before, after].map(({ text }) => JSON.stringify(shortText(text)))
  return `${task} ${id}: ${one} -> ${other}, margin ${nats(before.margin)} -> ${nats(after.margin)} nats
${partsTable('Row', rows)}
${partsTable('Positions', positions)}
`
}

function partsTable(name: string, parts: readonly ExplainedPart[]): string {
  const isSampled = parts.some(({ error }) => error !== null)
  return markdownTable(
    [name, 'Part', ...(isSampled ? ['Stderr'] : [])],
    parts.map(({ what, part, error }) => [shortText(what), nats(part), ...(error === null ? [] : [nats(error)])]),
  )
}

function nats(value: number): string {
  return value.toFixed(4)
}

/** The end of a long text, on one line. */
function shortText(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length <= 60 ? line : `…${line.slice(-60)}`
}
