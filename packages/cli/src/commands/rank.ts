import { type Cell, markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { type RankedLatent, type Ranker, rank } from '@saeval/experiments'
import { InputError, writeFiles } from '@saeval/hub'
import { writeSteeringCsv } from '@saeval/steering-csv'
import type { Command } from 'commander'
import { prepareOutputFile } from '../options/output-file.js'
import { openTerminal } from '../terminal/terminal.js'
import { latentOptions } from './latent-flags.js'
import { rankOptions } from './rank-options.js'
import type { Surroundings } from './run.js'

/** `saeval rank`: prints an SAE's latents, best first. */
export async function rankCommand(command: Command, { stdout, stderr, signal }: Surroundings): Promise<void> {
  const options = rankOptions(command)
  const { run, by, top, json } = options
  const terminal = openTerminal(stderr, run)
  try {
    const opening = latentOptions(options, terminal, signal)
    const { output_path: path } = run
    if (path !== null && !path.endsWith('.csv'))
      throw new InputError(`--output_path ${path}: expected a name that ends in .csv`)
    if (path !== null) prepareOutputFile('--output_path', path)
    const found = await rank({ ...options, ...opening })
    terminal.clear()
    const shown = found.slice(0, top)
    stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${rankingTable(by, shown)}\n`)
    if (path === null) return
    const rows = shown.map(({ latent, label }, index) => ({
      line: index + 2,
      latent_idx: latent,
      steering_coefficient: 1,
      sae_release: opening.sae.release,
      sae_id: opening.sae.id,
      hook_action: 'add' as const,
      description: label,
      clamp_value: null,
      refuse_id: null,
      extra: {},
    }))
    writeFiles([[path, writeSteeringCsv(rows)]])
  } finally {
    terminal.clear()
  }
}

/** What the score of each ranker is. */
const scores: Readonly<Record<Ranker, string>> = {
  documents: 'Active at',
  output: 'Output score',
  confidence: 'Confidence change',
  correlation: 'Correlation',
  slope: 'Slope of margin',
}

function rankingTable(by: Ranker, found: readonly RankedLatent[]): string {
  const names = Object.keys(found[0]?.details ?? {})
  const headers = ['Latent', scores[by], ...names.map((name) => name.replaceAll('_', ' ')), 'Label']
  const rows = found.map(({ latent, score, details, label }): Cell[] => [
    latent,
    Number(score.toPrecision(4)),
    ...names.map((name) => {
      const value = details[name]!
      return typeof value === 'number' ? Number(value.toPrecision(4)) : value
    }),
    label ?? '',
  ])
  return markdownTable(headers, rows)
}
