import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readExperiment, renderReport, writeReport } from '@saeval/report'
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
  { stdout }: Surroundings,
): Promise<void> {
  const page = await renderReport(await readExperiment(results), {
    withoutSamples,
    ...(title === undefined ? {} : { title }),
    ...(target === undefined ? {} : { target }),
  })
  const folder = statSync(results).isDirectory() ? results : dirname(results)
  for (const file of await writeReport(page, output ?? join(folder, 'report.html'))) stdout.write(`${file}\n`)
}
