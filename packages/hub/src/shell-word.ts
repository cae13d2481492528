/** A word of a command as a POSIX shell takes it: in quotation marks where it holds more than letters, digits and @%+=:,./-_ */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
