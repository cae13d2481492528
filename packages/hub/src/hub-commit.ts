import { objectOf, text } from './checks/schemas.js'
import type { Subject } from './hub-errors.js'
import { hubJson } from './hub-json.js'
import type { HubOptions } from './hub-settings.js'

const schema = objectOf({ sha: text })

/** What the hub names as the commit of a revision. Throws a WrongAnswerError where it says nothing of the kind. */
export async function hubCommit(subject: Subject, options: HubOptions): Promise<string> {
  const { type, name, revision } = subject
  const { value } = await hubJson(`${type}s/${name}/revision/${encodeURIComponent(revision)}`, schema, subject, options)
  return value.sha
}
