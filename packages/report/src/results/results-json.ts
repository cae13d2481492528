/**
 * Parses JSON as Python writes it: NaN, Infinity and -Infinity, which JSON lacks, become null. Throws SyntaxError.
 */
export function parseResultsJson(text: string): unknown {
  // strings are matched first, so that words inside them stay
  return JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) => (token.startsWith('"') ? token : 'null')),
  )
}
