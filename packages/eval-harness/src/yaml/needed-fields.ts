import { parseYaml, type YamlValue } from './yaml.js'

/**
 * Some top-level fields of a task file, the same as in the whole file read as YAML, at a fraction of the cost: only their own lines are
 * parsed. Where it is not certain from the lines alone which field a line belongs to, the whole text is parsed. What is wrong inside
 * other fields is not noticed. Throws InputError naming file and line.
 */
export function neededFields(text: string, file: string, names: ReadonlySet<string>): YamlValue {
  const found = fieldsByLines(text, names)
  if (found !== null) {
    if (found.unread === '') return found.fields
    try {
      return new Map([...found.fields, ...(parseYaml(found.unread, file) as ReadonlyMap<string, YamlValue>)])
    } catch {
      // an alias of another field, or an error whose line only the whole text tells
    }
  }
  const whole = parseYaml(text, file)
  return whole instanceof Map ? new Map([...whole].filter(([name]) => names.has(name))) : whole
}

/** What begins a line that is not indented: a field's name, an item of a list, or something else. */
const flush = /^(?:(["']?)([A-Za-z_]\w*)\1[ \t]*:(?=[ \t\n]|$)|(-)(?=[ \n]|$)|[^\s#])/gm
/** A text in one line that is read as it stands. */
const plainText =
  /^ +(?:"([^"\\\n]*)"|'([^'\n]*)'|((?!(?:yes|no|on|off|true|false|null)\b)(?:\.\.\/)*[a-z_][\w./-]*)) *\n?$/i

/**
 * The named fields whose values are plain texts, and the lines of the others; null where a line that looks like a field might be inside
 * another one's quotation marks or brackets.
 */
function fieldsByLines(text: string, names: ReadonlySet<string>) {
  // the patterns take a time that grows with the square of what is written against them
  if (text.length > 2 ** 16) return null
  // other line ends; and at a blank that YAML does not know as one, a line begins nothing
  if (/[\r\u2028\u2029]|^[^\S \n]/m.test(text)) return null
  const fields = new Map<string, YamlValue>()
  let unread = ''
  let name: string | undefined
  let start = 0
  let valueStart = 0
  const endAt = (end: number): boolean => {
    if (name === undefined) return true
    const value = text.slice(valueStart, end)
    if (names.has(name)) {
      if (fields.has(name)) return false
      const plain = plainText.exec(value)
      fields.set(name, plain === null ? null : (plain[1] ?? plain[2] ?? plain[3])!)
      if (plain === null) unread += text.slice(start, end)
    }
    return isClosed(value)
  }
  for (const { 0: beginning, 2: found, 3: item, index } of text.matchAll(flush)) {
    if (item !== undefined && name !== undefined) continue
    if (found === undefined || !endAt(index)) return null
    if (name === undefined && /^ *[^\s#]/m.test(text.slice(0, index))) return null
    name = found
    start = index
    valueStart = index + beginning.length
  }
  // without a name, everything is indented or there is nothing
  return name !== undefined && endAt(text.length) ? { fields, unread } : null
}

const tags = String.raw`(?:[!&][\w!]+ +)*`
const comments = String.raw`\s*(?:#.*(?:\n\s*|$))*`
/** A text without quotation marks, or in lines of its own: quotation marks and brackets in it are text. */
const unquoted = new RegExp(String.raw`^[ \t]+${tags}[^\s"'[\]{}#&*!%@\`,?:-]`)
const quoted = new RegExp(String.raw`^\s*${tags}(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^']|'')*')${comments}$`)
/** A quotation mark that stands as an opening one does, and no closing one after it. */
const openQuote = /(?:^|\s)(?:"(?:[^"\\]|\\[\s\S])*|'(?:[^']|'')*)$/
const item = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s"'[\]{}#,][^"'[\]{}#,\n]*)`
const list = String.raw`\[ *(?:${item} *(?:, *${item} *)*)?\]`
const mapping = String.raw`\{[^"'[\]{}#\n]*\}`
/** A bracket that stands as an opening one does and is not closed at the end of its line; {{, {% and {# are those of templates. */
const openBracket = new RegExp(String.raw`(?:^|[\s,:])(?!(?:${list}|${mapping}) *(?:#.*)?$)(?:\[|\{(?![{%#]))`, 'm')

/** Whether all quotation marks and brackets that a field's value opens are certain to be closed at its end. */
function isClosed(value: string): boolean {
  if (!/["'[{]/.test(value) || unquoted.test(value) || quoted.test(value)) return true
  return !openQuote.test(value) && !openBracket.test(value)
}
