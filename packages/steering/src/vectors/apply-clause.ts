import { type InputError, InputError as Refusal, sentence } from '@saeval/hub'
import { checked, isObject, oneOf, refuseUnknownNames } from '@saeval/hub/checks'
import type { PositionSelection, PositionTerm } from '@saeval/sae-core'
import * as v from 'valibot'

const whole = v.custom<number>((value) => Number.isSafeInteger(value), 'a whole number')
const list = v.nullish(
  v.pipe(
    v.array(whole, 'a list of whole numbers'),
    v.check((values) => values.length > 0, 'a list that is not empty, or null'),
  ),
  null,
)
const window = v.nullish(v.tuple([whole, v.nullable(whole, null)], 'a pair [start, stop], stop null for the end'), null)
const all = v.nullish(oneOf(['all'], '"all" or null'), null)

const selectors = { tokens: list, positions: list, window } as const
type Selector = keyof typeof selectors
const phases = ['prompt', 'generation'] as const
type Phase = (typeof phases)[number]

/** What a phase's selectors of one side hold. */
type Sides = Readonly<Record<string, number[] | [number, number | null] | 'all' | null>>

const schema = v.object(
  Object.fromEntries(
    phases.flatMap((phase) => [
      [phase, all],
      ...Object.entries(selectors).flatMap(([name, kind]) => [
        [`${phase}_${name}`, kind],
        [`exclude_${phase}_${name}`, kind],
      ]),
    ]),
  ),
  'an object',
)

/**
 * Reads EasySteer's ApplySpec (docs/user-guide/steering.md, vllm/steer_vectors/api.py): includes are united, excludes always win. null is every token.
 * Throws InputError where it selects nothing, excludes from what it does not select, and for what EasySteer itself refuses.
 */
export function readApplyClause(place: string, given: unknown): PositionSelection | null {
  if (!isObject(given))
    throw new Refusal(
      `${place} is missing, expected where the vector acts, as in {"prompt": "all", "generation": "all"}`,
    )
  refuseUnknownNames(sentence`${place} has no field`, given, Object.keys(schema.entries))
  const clause: Sides = checked(place, schema, given) as Sides
  const wrong = (message: string): InputError => new Refusal(`${place}: ${message}`)
  const include = phases.flatMap((phase) => termsOf(clause, phase, '', wrong))
  const exclude = phases.flatMap((phase) => termsOf(clause, phase, 'exclude_', wrong))
  if (include.length === 0)
    throw wrong('it selects nothing; set prompt or generation to "all", or one of their selectors')
  for (const phase of phases) {
    const excludes = Object.keys(selectors).filter((name) => clause[`exclude_${phase}_${name}`] != null)
    if (excludes.length > 0 && termsOf(clause, phase, '', wrong).length === 0)
      throw wrong(`exclude_${phase}_${excludes[0]} takes from tokens of which it selects none`)
  }
  const everywhere = exclude.length === 0 && include.includes('prompt') && include.includes('generated')
  return everywhere ? null : { include, exclude }
}

function termsOf(
  clause: Sides,
  phase: Phase,
  side: '' | 'exclude_',
  wrong: (message: string) => InputError,
): PositionTerm[] {
  const of = phase === 'prompt' ? 'prompt' : 'generated'
  const field = (name: Selector) => `${side}${phase}_${name}`
  const values = (name: 'tokens' | 'positions') => (clause[field(name)] ?? []) as readonly number[]
  const range = clause[field('window')] as readonly [number, number | null] | null
  const negative = (name: 'tokens' | 'positions', what: string) => {
    if (values(name).some((value) => value < 0)) throw wrong(`${field(name)} has a number below 0, expected ${what}`)
  }
  negative('tokens', 'token ids')
  if (phase === 'generation') negative('positions', 'steps from 0')
  if (range !== null) {
    const [start, stop] = range
    if (phase === 'generation' && start < 0) throw wrong(`${field('window')} begins below 0`)
    const alike = stop !== null && start < 0 === stop < 0
    if ((alike || phase === 'generation') && stop !== null && stop <= start)
      throw wrong(`${field('window')} [${start}, ${stop}] is empty: its end is not after its beginning`)
  }
  return [
    ...(side === '' && clause[phase] === 'all' ? [of as 'prompt' | 'generated'] : []),
    ...(values('tokens').length > 0 ? [{ tokens: values('tokens'), of } as const] : []),
    ...values('positions').map((at): PositionTerm => {
      if (phase === 'generation') return { steps: [at, at + 1] }
      // EasySteer takes positions behind the prompt for its last token
      return at < 0 ? { from: at, to: at === -1 ? null : at + 1 } : { promptAt: at }
    }),
    ...(range === null ? [] : [phase === 'prompt' ? { from: range[0], to: range[1] } : { steps: range }]),
  ]
}
