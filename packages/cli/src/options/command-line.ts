import { shellWord } from '@saeval/hub/internal/shell-word'
import { withoutLogin } from '@saeval/hub/internal/without-login'

/** A command line as it can be pasted into a shell; results files show it, so tokens, headers and passwords are left out. */
export function commandLine(argv: readonly string[]): string {
  return ['saeval', ...argv].map((word) => shellWord(withoutToken(word))).join(' ')
}

/** The words of a line that `commandLine` made, as a shell would give them. */
export function commandWords(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  for (const [part] of line.matchAll(/'[^']*'|\\.|\s+|[^'\\\s]+/gs)) {
    if (/^\s/.test(part)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + (part.startsWith("'") ? part.slice(1, -1) : part.replace(/^\\/, ''))
  }
  return word === null ? words : [...words, word]
}

/** Whether a word of a command line holds what others may not see. */
export function holdsSecret(word: string): boolean {
  return withoutToken(word) !== word
}

function withoutToken(word: string): string {
  return withoutLogin(word)
    .replace(/((?:^|[,=])token=|"token"\s*:\s*")[^,"]*/g, '$1***')
    .replace(/("header"\s*:\s*)\{[^}]*\}/g, '$1"***"')
    .replace(/((?:^|,)header=)\{[^}]*\}/g, '$1***')
}
