import { dirname, join } from 'node:path'
import { makeWritableFolder, writeFiles } from '@saeval/hub'
import { renderPng } from '../charts/render-chart.js'
import type { Report } from './render-report.js'

/** Writes the page at `path` and, beside it in the folder `charts`, every chart as SVG and PNG. Gives the files written. Throws InputError where they cannot be. */
export function writeReport(report: Report, path: string): string[] {
  const folder = join(dirname(path), 'charts')
  makeWritableFolder(path, report.charts.length > 0 ? folder : dirname(path))
  const files: [string, string | Uint8Array][] = report.charts.flatMap(({ name, svg }) => [
    [join(folder, `${name}.svg`), svg],
    [join(folder, `${name}.png`), renderPng(svg)],
  ])
  files.push([path, report.html])
  writeFiles(files)
  return files.map(([file]) => file)
}
