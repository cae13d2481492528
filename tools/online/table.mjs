// The closing table, as text and as Markdown at once.

/** @param {readonly { step: string, what: string, seen: string, expected: string, ok: boolean }[]} rows */
export function table(rows) {
  const head = ['step', 'what', 'seen', 'expected', '']
  const lines = rows.map(({ step, what, seen, expected, ok }) => [step, what, seen, expected, ok ? 'ok' : 'OFF'])
  const width = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column].length)))
  const show = (line) => `| ${line.map((cell, column) => cell.padEnd(width[column])).join(' | ')} |`
  return [show(head), show(width.map((count) => '-'.repeat(count))), ...lines.map(show)].join('\n')
}
