import { isObject } from '@saeval/hub/checks'
import type { LanguageModel } from './language-model.js'

type Test = readonly [what: string, holds: (value: unknown) => boolean]

const text: Test = ['a text', (value) => typeof value === 'string']
const number: Test = ['a number', (value) => typeof value === 'number']
const method: Test = ['a function', (value) => typeof value === 'function']
const token: Test = [
  'null or [text, id]',
  (value) => value === null || (Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number'),
]

/** What every backend must have, by its place in LanguageModel. */
const members: Readonly<Record<string, Test>> = {
  read: method,
  close: method,
  chatTemplate: [
    'null or { source, render }',
    (value) => value === null || (isObject(value) && text[1](value.source) && method[1](value.render)),
  ],
  'info.numParameters': number,
  'info.dtype': text,
  'info.revision': text,
  'info.sha': text,
  'info.maxLength': number,
  'info.padToken': token,
  'info.eosToken': token,
  'info.bosToken': token,
  'info.eotTokenId': ['null or a number', (value) => value === null || typeof value === 'number'],
  'info.batchSizes': [
    'a list of numbers',
    (value) => Array.isArray(value) && value.every((size) => typeof size === 'number'),
  ],
  'info.provenance': ['an object', isObject],
}

/**
 * Checks that a backend is a whole LanguageModel, which JavaScript does not. Throws an Error with one sentence that names everything it lacks;
 * `name` is how the sentence calls it.
 */
export function checkModel(model: unknown, name = 'the model'): asserts model is LanguageModel {
  if (!isObject(model)) throw new Error(`${name} is ${model === null ? 'null' : typeof model}, not a LanguageModel`)
  const info = isObject(model.info) ? model.info : {}
  const lacking = Object.entries(members).filter(([place, [, holds]]) => {
    const [member, fact] = place.split('.') as [string, string?]
    return !holds(fact === undefined ? model[member] : info[fact])
  })
  if (lacking.length === 0) return
  const list = lacking.map(([place, [what]]) => `${place} (${what})`).join(', ')
  throw new Error(`${name} lacks what a LanguageModel must have: ${list}`)
}
