import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readExperiment, readExplanations, renderReport, writeReport } from '@saeval/report'
import { inFlags } from '../options/flag-words.js'
import { prepareOutputFile } from '../options/output-file.js'
import type { Surroundings } from './run.js'

export interface ReportCommandOptions {
  readonly output?: string
  readonly title?: string
  readonly target?: string
  readonly no_samples?: boolean
}

/** `saeval report <results>`: writes the page and its charts, prints where. */
export async function report(
  results: string,
  { output, title, target, no_samples: withoutSamples = false }: ReportCommandOptions,
  { stdout, signal }: Surroundings,
): Promise<void> {
  const experiment = await readExperiment(results)
  const page = output ?? join(statSync(results).isDirectory() ? results : dirname(results), 'report.html')
  prepareOutputFile('--output', page)
  const rendered = await renderReport(experiment, {
    withoutSamples,
    explanations: await readExplanations(results),
    signal,
    words: inFlags,
    ...(title === undefined ? {} : { title }),
    ...(target === undefined ? {} : { target }),
  })
  for (const file of writeReport(rendered, page)) stdout.write(`${file}\n`)
}
