import { findAll, substitute } from '@saeval/python/internal/regex/regex'
import { strip } from '@saeval/python/internal/text/text'

/** Words that mean an entity's label, in the order in which they are replaced. */
const labels: readonly (readonly [word: string, label: string])[] = [
  ['person', 'PER'],
  ['location', 'LOC'],
  ['organization', 'ORG'],
  ['counties', 'LOC'],
  ['places', 'LOC'],
  ['people', 'PER'],
  ['persons', 'PER'],
  ['company', 'ORG'],
  ['country', 'LOC'],
  ['continent', 'LOC'],
  ['time', 'DATE'],
  ['date', 'DATE'],
  ['per', 'PER'],
  ['loc', 'LOC'],
  ['org', 'ORG'],
]

/**
 * lm_eval's filter format_span: "person: Ana, Bo" becomes "per: ana $ per: bo". Entities stand between "$" or line breaks; those called
 * "none" are left out.
 */
export function namedEntities(answer: string): string {
  let text = answer.toLowerCase()
  for (const [word, label] of labels) text = substitute(`\\b${word}\\s*:`, `${label}:`, text)
  const lines = strip(strip(text.replaceAll('$$', '$'), 'right', '$').replaceAll('\n', '$'), 'both')
  return findAll('\\b(PER|LOC|ORG|DATE):\\s*([^$]+)', lines)
    .flatMap(([label, entities]) =>
      entities!
        .split(',')
        .map((entity) => strip(entity, 'both'))
        .filter((entity) => entity.toLowerCase() !== 'none')
        .map((entity) => `${label!.toLowerCase()}: ${entity}`),
    )
    .join(' $ ')
}
