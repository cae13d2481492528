import { join } from 'node:path'
import { markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { type AtlasRow, atlas } from '@saeval/experiments'
import { makeWritableFolder, writeFiles } from '@saeval/hub'
import { renderFindings } from '@saeval/report'
import { writeReport } from '@saeval/report/internal/html/write-report'
import type { Command } from 'commander'
import { openTerminal } from '../terminal/terminal.js'
import { version } from '../version.js'
import { atlasOptions } from './atlas-options.js'
import { latentOptions } from './latent-flags.js'
import type { Surroundings } from './run.js'

/** `saeval atlas`: what each latent of an SAE does, as a table, a CSV and a page. */
export async function atlasCommand(
  command: Command,
  line: string,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const options = atlasOptions(command)
  const { run, sae_release: release, sae_id: id, top, json, action, strength } = options
  const { output_path: folder } = run
  if (folder !== null) makeWritableFolder(`--output_path ${folder}`, folder)
  const terminal = openTerminal(stderr, run)
  try {
    const rows = await atlas({ ...options, ...latentOptions(options, terminal, signal) })
    terminal.clear()
    const sorted = [...rows].sort((a, b) => (b.kl ?? -1) - (a.kl ?? -1) || a.latent - b.latent)
    const { headers, cells } = columnsOf(rows)
    const texts = (list: readonly AtlasRow[]) => list.map((row) => cells(row).map(shortText))
    stdout.write(
      json
        ? `${JSON.stringify(rows.map(plain), null, 2)}\n`
        : `${markdownTable(headers, texts(sorted.slice(0, top)))}\n`,
    )
    if (folder === null) return
    const csv = [headers, ...rows.map(cells)].map((line) => `${line.map(csvCell).join(',')}\n`).join('')
    writeFiles([[join(folder, 'atlas.csv'), csv]])
    const page = await renderFindings({
      title: `Atlas of ${id ?? release}`,
      verdict: `What ${rows.length} latents do, each alone: ${action}, ${strength} of its largest activation.`,
      tables: [
        {
          heading: 'Latents',
          text: 'Those that change neutral texts most first. kl: divergence of the next token after neutral texts from the unsteered model, in nats. Output score (Arad et al. 2025) and change of token confidence (Wang et al. 2025; above 0 is less sure): at 10 times the largest activation of a neutral prompt. The others: change of each task’s mean margin, in nats.',
          headers,
          rows: texts(sorted),
        },
      ],
      tradeOff: null,
      command: line,
      saeval: version,
    })
    writeReport(page, join(folder, 'atlas.html'))
    terminal.info(`${folder}/atlas.html shows all ${rows.length} latents`)
  } finally {
    terminal.clear()
  }
}

function columnsOf(rows: readonly AtlasRow[]) {
  const tasks = [...(rows.find(({ margins }) => margins !== null)?.margins?.keys() ?? [])]
  const headers = ['latent', 'label', 'coefficient', 'kl', 'output score', 'confidence change', 'raises', ...tasks]
  const hasProblem = rows.some(({ problem }) => problem !== null)
  const cells = (row: AtlasRow) => {
    const { latent, label, coefficient, kl, outputScore, confidenceChange, raises, margins, problem } = row
    return [
      latent,
      label,
      coefficient,
      kl,
      outputScore,
      confidenceChange,
      raises.slice(0, 5).map(onOneLine).join(' '),
      ...tasks.map((task) => margins?.get(task) ?? null),
      ...(hasProblem ? [problem] : []),
    ]
  }
  return { headers: hasProblem ? [...headers, 'problem'] : headers, cells }
}

function shortText(value: string | number | null): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : (value ?? '')
}

function plain({ margins, ...row }: AtlasRow): object {
  return { ...row, margins: margins && Object.fromEntries(margins) }
}

function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The text of a token with its line breaks as in JSON. */
function onOneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
