import { describe, expect, it } from 'vitest'
import { fixtureJson } from '../../../../tests/fixtures.js'
import { type Message, maybeDelimit, multiTurn, plainText, singleTurn } from './message.js'

const golden = fixtureJson('golden/units/text.json') as {
  maybe_delimit: [string | null, string | null, string, string][]
  chat: { messages: [Message['role'], string, string][]; text: string; single_turn: unknown; multi_turn: unknown }[]
}

it.each(golden.maybe_delimit)('%j and %j joined by %j', (prefix, suffix, delimiter, joined) => {
  expect(maybeDelimit(prefix ?? '', suffix ?? '', delimiter)).toBe(joined)
})

describe('conversations', () => {
  it.each(golden.chat.map((item, index) => [index, item] as const))('%i', (_, item) => {
    const messages = item.messages.map(([role, content, delimiter]) => ({ role, content, delimiter }))
    expect(plainText(messages)).toBe(item.text)
    expect(singleTurn(messages)).toEqual(item.single_turn)
    expect(multiTurn(messages)).toEqual(item.multi_turn)
  })
})
