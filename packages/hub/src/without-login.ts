/** A text whose addresses have no user and no password. */
export function withoutLogin(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@')
}
