import type { TaskRequest } from './task-request.js'

/** A request and where it stands: numbers of its task and of its document in the whole run. */
export interface PlacedRequest {
  readonly request: TaskRequest
  readonly task: number
  readonly document: number
}

/** Characters that are new in a block (what a request shares with the one before it is not): about 32,000 tokens. */
const most = 131_072
/** Where a task ends, so many are enough: another task has another prompt, and shares next to nothing. */
const enough = 32_768
/** What a block begins with is computed again in each: it may be so small a part at most. */
const leastPerShared = 32
/** Texts to be generated count by their number: the last ones of a block are written side by side with few others. */
const texts = { most: 1024, enough: 256 }

/**
 * Divides requests of one kind, given in order, into blocks that a model is asked by themselves. The blocks of the same requests are always the same,
 * whoever computes which of them: so a run in parts, or one on many machines, gives the same bytes as one in one go. Requests of a document stay
 * together; long few-shot examples make long blocks. Gives indices into the list.
 */
export function blocksOf(requests: readonly PlacedRequest[]): number[][] {
  const blocks: number[][] = []
  let block: number[] = []
  let fresh = 0
  let documents = 0
  for (const [index, { request, task, document }] of requests.entries()) {
    const before = requests[index - 1]
    const shared = before === undefined ? 0 : sharedCharacters(before.request, request)
    if (before !== undefined && before.document !== document) {
      const isNewTask = before.task !== task
      const isFull =
        request.type === 'generate_until'
          ? documents >= (isNewTask ? texts.enough : texts.most)
          : fresh >= (isNewTask ? enough : Math.max(most, leastPerShared * shared))
      if (isFull) {
        blocks.push(block)
        block = []
        fresh = 0
        documents = 0
      }
    }
    fresh += characters(request) - (block.length === 0 ? 0 : shared)
    if (block.length === 0 || before!.document !== document) documents++
    block.push(index)
  }
  if (block.length > 0) blocks.push(block)
  return blocks
}

/** The texts of a request that the model reads one after the other. */
function textsOf(request: TaskRequest): readonly string[] {
  switch (request.type) {
    case 'loglikelihood':
      return [request.context, request.continuation]
    case 'loglikelihood_rolling':
      return [request.text]
    case 'generate_until':
      return [request.context]
  }
}

function characters(request: TaskRequest): number {
  return textsOf(request).reduce((sum, { length }) => sum + length, 0)
}

/** Characters at the beginnings of two requests that are the same. */
function sharedCharacters(one: TaskRequest, other: TaskRequest): number {
  const [a, b] = [textsOf(one), textsOf(other)]
  let sum = 0
  for (const [part, text] of a.entries()) {
    const shared = sharedLength(text, b[part] ?? '')
    sum += shared
    if (shared < text.length) break
  }
  return sum
}

function sharedLength(a: string, b: string): number {
  if (a === b) return a.length
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  return at
}
