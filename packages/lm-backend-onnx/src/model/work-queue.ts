import type { ModelRequest } from '@saeval/language-model'

/** Requests that devices take from, a part at a time, whoever is free first. */
export interface WorkQueue {
  /** Indices of the next part; null where nothing is left. */
  take(): readonly number[] | null
}

export interface WorkQueueOptions {
  readonly devices: number
  /** How much work some of the requests are together, in any unit. */
  readonly workOf: (indices: readonly number[]) => number
  /** Work of a part below which a device would not be busy. */
  readonly leastWork: number
  /** Requests of a part below which a device would not be busy. */
  readonly leastRequests: number
}

/** Of what belongs together at most one part in so many is computed twice for taking it apart; more where a device would have nothing else to do. */
const mostTwice = 8
const mostTwiceAtLast = 3

/**
 * Parts of requests for several devices. Requests with alike beginnings stay in one part as far as that goes, since a device computes what its part
 * shares once. Parts become smaller towards the end, so that all devices end at about the same time: each is what one device would do of half of what is
 * left (guided self-scheduling, Polychronopoulos and Kuck 1987).
 */
export function workQueue(
  requests: readonly ModelRequest[],
  indices: readonly number[],
  { devices, workOf, leastWork, leastRequests }: WorkQueueOptions,
): WorkQueue {
  const waiting = alikeBeginnings(requests, indices).map((group) => ({ group, work: workOf(group) }))
  let left = waiting.reduce((sum, { work }) => sum + work, 0)
  let next = 0
  return {
    take: () => {
      if (next === waiting.length) return null
      const target = Math.max(left / (2 * devices), leastWork)
      const part: number[] = []
      let work = 0
      while (next < waiting.length && (part.length === 0 || work < target || part.length < leastRequests)) {
        const { group, work: whole } = waiting[next]!
        const room = target - work
        const count = Math.max(Math.ceil((group.length * room) / whole), leastRequests - part.length, 1)
        if (whole > 1.5 * target && count < group.length) {
          const [head, rest] = [group.slice(0, count), group.slice(count)]
          const [headWork, restWork] = [workOf(head), workOf(rest)]
          // what belongs together is taken apart where it is too much for one device, and little is computed twice for that
          const isLast = next === waiting.length - 1
          if (headWork + restWork - whole <= whole / (isLast ? mostTwiceAtLast : mostTwice)) {
            part.push(...head)
            waiting[next] = { group: rest, work: restWork }
            break
          }
        }
        if (part.length > 0 && part.length >= leastRequests && work + whole > 1.5 * target) break
        part.push(...group)
        work += whole
        next++
      }
      left = waiting.slice(next).reduce((sum, { work }) => sum + work, 0)
      return part
    },
  }
}

/** Requests in the order of their texts, in groups: neighbours are in one if they share at least half of the shorter one's text. */
function alikeBeginnings(requests: readonly ModelRequest[], indices: readonly number[]): number[][] {
  const texts = new Map(indices.map((index) => [index, textOf(requests[index]!)]))
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  const order = [...indices].sort((a, b) => compare(texts.get(a)!, texts.get(b)!) || a - b)
  const groups: number[][] = []
  let before: string | null = null
  for (const index of order) {
    const text = texts.get(index)!
    if (before !== null && sharedLength(before, text) >= Math.min(before.length, text.length) / 2)
      groups.at(-1)!.push(index)
    else groups.push([index])
    before = text
  }
  return groups
}

function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}

function textOf(request: ModelRequest): string {
  if (request.type === 'loglikelihood') return request.context + request.continuation
  return request.type === 'loglikelihood_rolling' ? request.text : request.context
}
