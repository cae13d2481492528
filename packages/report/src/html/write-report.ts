import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { renderPng } from '../charts/render-chart.js'
import type { Report } from './render-report.js'

/** Writes the page at `path` and, beside it in the folder `charts`, every chart as SVG and PNG. Gives the files written. */
export async function writeReport(report: Report, path: string): Promise<string[]> {
  const folder = join(dirname(path), 'charts')
  await mkdir(report.charts.length > 0 ? folder : dirname(path), { recursive: true })
  const files: [string, string | Uint8Array][] = report.charts.flatMap(({ name, svg }) => [
    [join(folder, `${name}.svg`), svg],
    [join(folder, `${name}.png`), renderPng(svg)],
  ])
  files.push([path, report.html])
  for (const [file, content] of files) {
    const partial = `${file}.partial`
    await writeFile(partial, content)
    await rename(partial, file)
  }
  return files.map(([file]) => file)
}
