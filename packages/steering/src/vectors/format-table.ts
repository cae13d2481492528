import { vectorFormats } from './vector-formats.js'

/** The table of the formats of vectors that are taken, as Markdown: README.md and docs/vectors.md show it. */
export function vectorFormatTable(): string {
  const rows = vectorFormats.map(({ name, files, writtenBy, does }) => [
    name,
    files.map((end) => (end === 'folder' ? 'a folder' : `\`${end}\``)).join(', '),
    writtenBy,
    does,
  ])
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return [
    line(['format', 'files', 'written by', 'what it does to an activation h']),
    line(Array(4).fill('---')),
    ...rows.map(line),
  ].join('')
}
