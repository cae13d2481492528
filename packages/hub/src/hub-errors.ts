import { InputError } from './input-error.js'

/** What a request is about, for messages. */
export interface Subject {
  readonly type: 'model' | 'dataset'
  readonly name: string
  readonly revision: string
  readonly path?: string
}

/** An answer that cannot be true: what the cache holds does not stand for it, as it does for a hub that cannot be reached or fails. */
export class WrongAnswerError extends Error {}

/** "organisation/name", or with a path behind it. */
export function nameOf({ name, path }: Subject): string {
  return path === undefined ? name : `${name}/${path}`
}

/** The error of an answer that is none of the 200s. */
export function hubError(response: Response, subject: Subject, endpoint: string, hasToken: boolean): Error {
  const { type, name, revision, path } = subject
  const page = `${endpoint}/${type === 'dataset' ? 'datasets/' : ''}${name}`
  const token = hasToken
    ? 'use a token of an account that may read it (HF_TOKEN)'
    : 'set HF_TOKEN to a token of that account'
  switch (response.headers.get('x-error-code')) {
    case 'GatedRepo':
      return new InputError(`${name} is gated: accept its terms on ${page} and ${token}`)
    case 'RevisionNotFound':
      return new InputError(`${name} has no revision "${revision}"`)
    case 'RepoNotFound':
      return new InputError(
        `${page} does not exist or is private; check the name, and for a private repository ${token}`,
      )
  }
  if (response.status === 401 || response.status === 403) {
    return new InputError(
      `${page} does not exist or may not be read; check the name, and for a private or gated repository ${token}`,
    )
  }
  if (response.status === 404)
    return new InputError(
      `${page} ${path ? `has no file ${path} (revision ${revision})` : `does not exist, or has no revision "${revision}"`}`,
    )
  return new Error(`${endpoint} answered ${response.status} for ${nameOf(subject)}`)
}
