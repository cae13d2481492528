import { literalEval, type PyDict, PyFloat, type PyValue, parseJson } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'

/**
 * --model_args (or another `flag` of pairs) as lm_eval's command line reads it: a JSON object, or name=value pairs separated by commas.
 * Values become true and false, whole numbers of digits only, floats, Python literals, else texts.
 */
export function parseModelArgs(text: string, flag = '--model_args'): PyDict {
  if (text.trim() === '') return new Map()
  const json = asJson(text)
  if (json instanceof Map) return json as PyDict
  if (text.includes('{'))
    throw new InputError(`${flag} is not a JSON object: ${text} (JSON needs double quotation marks)`)
  return new Map(
    text.split(',').map((part) => {
      const at = part.indexOf('=')
      if (at < 1)
        throw new InputError(
          `${flag}: "${part}" is not name=value (lists and texts with commas need the JSON form; what does not belong to ${flag} goes before it, or after --)`,
        )
      return [part.slice(0, at), parseValue(part.slice(at + 1))]
    }),
  )
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
