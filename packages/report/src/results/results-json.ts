/** Parses JSON as Python writes it, with the numbers NaN, Infinity and -Infinity, which JSON lacks. Throws SyntaxError. */
export function parseResultsJson(text: string): unknown {
  let found = false
  // strings are matched first, so that words inside them stay
  const standard = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) => {
    if (token.startsWith('"')) return token
    found = true
    return `"${mark}${token}"`
  })
  if (!found) return JSON.parse(standard)
  return JSON.parse(standard, (_key, value) =>
    typeof value === 'string' && marked.test(value) ? Number(value.slice(mark.length)) : value,
  )
}

/** Not a character, so no text begins with it. */
const mark = '\ufdd0'
const marked = new RegExp(`^${mark}(-?Infinity|NaN)$`)
