import { vectorFormats } from './vector-formats.js'

/** The table of the formats of vectors that are taken, as Markdown: README.md and docs/vectors.md show it. */
export function vectorFormatTable(): string {
  const rows = vectorFormats.map(({ name, files, writtenBy, does }) => [
    name,
    files.map((end) => (end === 'folder' ? 'a folder' : `\`${end}\``)).join(', '),
    writtenBy,
    does,
  ])
  const header = ['format', 'files', 'written by', 'what it does to an activation h']
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((cells) => cells[column]!.length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |\n`
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('')
}
