import type { PlannedWork } from './language-model.js'

/** The plan of answering nothing. */
export const noWork: PlannedWork = { requests: 0, requestTokens: 0, tokens: 0, newTokens: 0, work: 0 }

/** The plan of a model that does not tell: each request is as much work as the others. */
export function uncountedWork(requests: number): PlannedWork {
  return { ...noWork, requests, work: requests }
}

/** Two plans, one after the other. */
export function sumOfWork(a: PlannedWork, b: PlannedWork): PlannedWork {
  return {
    requests: a.requests + b.requests,
    requestTokens: a.requestTokens + b.requestTokens,
    tokens: a.tokens + b.tokens,
    newTokens: a.newTokens + b.newTokens,
    work: a.work + b.work,
  }
}
