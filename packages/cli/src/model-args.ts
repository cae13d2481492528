import { InputError } from '@saeval/hub'
import { parseJson } from '@saeval/python/internal/json/json'
import { literalEval } from '@saeval/python/internal/text/literal'
import { type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'

/**
 * --model_args (or another `flag` of pairs) as lm_eval's command line reads it: a JSON object, or name=value pairs separated by commas outside of
 * brackets and quotation marks. Values become true and false, whole numbers of digits only, floats, Python literals (lists and dicts too), else
 * texts.
 */
export function parseModelArgs(text: string, flag = '--model_args'): PyDict {
  if (text.trim() === '') return new Map()
  const json = asJson(text)
  if (json instanceof Map) return json as PyDict
  if (text.trimStart().startsWith('{')) throw notJson(flag, text)
  return new Map(
    splitTopLevel(text).map((part) => {
      const at = part.indexOf('=')
      if (at < 1)
        throw new InputError(
          `${flag}: "${part}" is not name=value (texts with commas need quotation marks of their own, or the JSON form; what does not belong to ${flag} goes before it, or after --)`,
        )
      const value = parseValue(part.slice(at + 1))
      // lm_eval refuses braces outside of JSON, or takes true and null in them for text
      if (typeof value === 'string' && part[at + 1] === '{') throw notJson(flag, part.slice(at + 1))
      return [part.slice(0, at), value]
    }),
  )
}

function notJson(flag: string, text: string): InputError {
  return new InputError(`${flag} is not a JSON object: ${text} (JSON needs double quotation marks)`)
}

/** lm_eval's split_top_level: what stands between commas, brackets and quotation marks apart; one that is never closed takes all the rest. */
function splitTopLevel(text: string): string[] {
  const parts = ['']
  let depth = 0
  let quote: string | null = null
  for (const character of text) {
    if (quote !== null) quote = character === quote ? null : quote
    else if (character === '"' || character === "'") quote = character
    else if ('[({'.includes(character)) depth++
    else if ('])}'.includes(character)) depth = Math.max(depth - 1, 0)
    else if (character === ',' && depth === 0) {
      parts.push('')
      continue
    }
    parts[parts.length - 1] += character
  }
  return parts.filter((part) => part !== '')
}

function asJson(text: string): PyValue {
  try {
    return parseJson(text)
  } catch {
    return null
  }
}

function parseValue(text: string): PyValue {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if (/^\d+$/.test(text)) return literalEval(text.replace(/^0+(?=\d)/, ''))
  if (/^\s*[-+]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[-+]?\d+)?\s*$/i.test(text))
    return new PyFloat(Number(text.replaceAll('_', '')))
  const named = /^\s*([-+]?)(inf(?:inity)?|nan)\s*$/i.exec(text)
  if (named) return new PyFloat(named[2]!.toLowerCase() === 'nan' ? Number.NaN : Number(`${named[1]}Infinity`))
  try {
    return literalEval(text)
  } catch {
    return text
  }
}
