/** A command line as it can be pasted into a shell. */
export function commandLine(argv: readonly string[]): string {
  return ['saeval', ...argv].map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
