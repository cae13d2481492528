import type { ChatMessage } from '@saeval/language-model'
import { whiteSpace } from '@saeval/python/internal/text/text'

/** One turn of a prompt, which becomes plain text or a turn of a conversation. */
export interface Message {
  readonly role: ChatMessage['role']
  readonly content: string
  /** Follows the content in plain text only. */
  readonly delimiter: string
}

const startsWithSpace = new RegExp(`^[${whiteSpace}]`)
const endsInSpace = new RegExp(`[${whiteSpace}]$`)

/** Whether the text ends in white space. */
export function endsWithSpace(text: string): boolean {
  return endsInSpace.test(text)
}

/** Joins two texts with the delimiter, or without where white space is at the seam or one of them is empty. */
export function maybeDelimit(prefix: string, suffix: string, delimiter: string): string {
  if (prefix === '' || suffix === '') return prefix + suffix
  return needsDelimiter(prefix, suffix) ? prefix + delimiter + suffix : prefix + suffix
}

/** Whether two texts would run into each other. */
export function needsDelimiter(prefix: string, suffix: string): boolean {
  return prefix !== '' && !endsInSpace.test(prefix) && !startsWithSpace.test(suffix)
}

/** The turns as one text. */
export function plainText(messages: readonly Message[]): string {
  return messages.map(({ content, delimiter }) => content + delimiter).join('')
}

/** The turns as they are: few-shot examples stay turns of their own. */
export function multiTurn(messages: readonly Message[]): ChatMessage[] {
  return messages.map(({ role, content }) => ({ role, content }))
}

/** Everything but a leading system turn and a trailing assistant turn in one user turn. */
export function singleTurn(messages: readonly Message[]): ChatMessage[] {
  const system = messages[0]?.role === 'system' ? messages.slice(0, 1) : []
  const rest = messages.slice(system.length)
  const last = rest.at(-1)
  const answer = last?.role === 'assistant' ? [last] : []
  const user = rest.slice(0, rest.length - answer.length)
  const content = user
    .map((message, index) => message.content + (index === user.length - 1 ? '' : message.delimiter))
    .join('')
  return [...multiTurn(system), { role: 'user', content }, ...multiTurn(answer)]
}
