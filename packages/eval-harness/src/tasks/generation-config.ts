import { didYouMean } from '@saeval/hub'
import type { GenerateUntilRequest } from '@saeval/language-model'
import { generationSettingNames, generationSettingProblem } from '@saeval/language-model/internal/generation-settings'
import { numberOf, type PyDict, PyFloat, type PyValue, toPlain } from '@saeval/python/internal/values/value'
import type { Complain } from '../yaml/check-fields.js'

/** Names of lm_eval's limit on new tokens, the first one given counts. */
const limits = ['max_gen_toks', 'max_new_tokens', 'max_tokens', 'max_completion_tokens']
/** What is lm_eval's own business; everything else goes to generate(). */
const own = ['until', 'do_sample', 'temperature', ...limits]
const known = [...own, ...generationSettingNames]
const defaultLimit = 256

/** generation_kwargs as lm_eval completes them: greedy unless the task says otherwise, ending at the few-shot delimiter. */
export function generationKwargs(given: PyDict | null, fewshotDelimiter: string, complain: Complain): PyDict {
  if (given === null)
    return new Map<string, PyValue>([
      ['temperature', new PyFloat(0)],
      ['do_sample', false],
      ['max_gen_toks', defaultLimit],
      ['until', [fewshotDelimiter]],
    ])
  const kwargs = new Map(given)
  const temperature = kwargs.get('temperature')
  if (temperature !== undefined) {
    const value = typeof temperature === 'string' ? Number(temperature) : (numberOf(temperature) ?? Number.NaN)
    if (Number.isNaN(value)) throw complain('generation_kwargs.temperature', 'is not a number')
    kwargs.set('temperature', new PyFloat(value))
  }
  if (!kwargs.has('until')) kwargs.set('until', [fewshotDelimiter])
  return kwargs
}

/** What the model is asked for: generation_kwargs by lm_eval's rules. `complain` names the field behind a value that cannot be used. */
export function generationRequest(context: string, kwargs: PyDict, complain: Complain): GenerateUntilRequest {
  const settings: Record<string, unknown> = {}
  for (const [name, given] of kwargs) {
    if (own.includes(name)) continue
    if (!known.includes(name)) throw complain(`generation_kwargs.${name}`, `is not supported${didYouMean(name, known)}`)
    const value = toPlain(given)
    const problem = generationSettingProblem(name, value)
    if (problem !== null) throw complain(`generation_kwargs.${name}`, problem)
    settings[name] = value
  }
  if (settings.max_length === null) throw complain('generation_kwargs.max_length', 'is null')
  const number = (name: string): number | null => {
    const value = kwargs.get(name) ?? null
    if (value === null) return null
    const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : numberOf(value)
    if (found === null || Number.isNaN(found)) throw complain(`generation_kwargs.${name}`, 'is not a number')
    return found
  }
  const until = kwargs.get('until') ?? []
  const stops = (Array.isArray(until) ? until : [until]) as readonly PyValue[]
  if (stops.some((stop) => typeof stop !== 'string'))
    throw complain('generation_kwargs.until', 'is neither a text nor a list of texts')
  const temperature = number('temperature') ?? 0
  const doSample = kwargs.get('do_sample') ?? temperature > 0
  if (typeof doSample !== 'boolean') throw complain('generation_kwargs.do_sample', 'is neither true nor false')
  // transformers refuses them too
  if (doSample && !(temperature > 0))
    throw complain('generation_kwargs.temperature', 'is not above 0, as do_sample needs it; do_sample: false is greedy')
  const limit = limits.map(number).find((value) => value !== null) ?? defaultLimit
  if (!(limit > 0)) throw complain('generation_kwargs.max_gen_toks', 'is not above 0')
  return {
    type: 'generate_until',
    context,
    until: stops as readonly string[],
    maxGenToks: Math.floor(limit),
    doSample,
    temperature: doSample ? temperature : 0,
    settings,
  }
}
