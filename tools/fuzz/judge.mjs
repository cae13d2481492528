// What may come of an input: it is taken, or refused in one sentence.

/** Words of JavaScript and of libraries, which tell a user nothing. */
const internals =
  /Cannot (?:read|set|convert|destructure|mix|access)|is not (?:a function|a constructor)|of (?:undefined|null)\b|\[object |Invalid (?:array|typed array|string|array buffer) length|Array buffer allocation|Maximum call stack|heap|WebAssembly|\b(?:Range|Reference|Internal)Error: |BigInt|out of bounds|\bERR_|\n {4}at /
const untyped = new Set([
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'EvalError',
  'URIError',
  'AssertionError',
  'RuntimeError',
  'LinkError',
  'CompileError',
])

/** What is wrong with an error that a library has thrown; null where nothing is. */
export function wrongError(error) {
  if (!(error instanceof Error)) return `threw ${String(error)}`
  if (untyped.has(error.constructor.name) || untyped.has(error.name)) return `${error.name}: ${error.message}`
  return wrongText(error.message)
}

/** What is wrong with how a command line has ended; null where nothing is. */
export function wrongEnd({ code, stderr }) {
  if (code === 0) return null
  if (code !== 1 && code !== 2) return `exit code ${code}`
  const text = stderr.slice(stderr.lastIndexOf('saeval: '))
  if (!text.startsWith('saeval: ')) return `exit code ${code} without a sentence`
  return text.length > 10_000 ? `a message of ${text.length} characters` : wrongText(text)
}

function wrongText(text) {
  if (text.trim() === '') return 'no message'
  return internals.test(text) ? text : null
}
