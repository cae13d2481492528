import { indexTasks, type TaskIndex } from '@saeval/eval-harness'
import { registeredModels } from '@saeval/language-model'
import { listDevices } from '@saeval/lm-backend-onnx'

/** What `saeval ls` can list. */
export const listings = ['tasks', 'groups', 'subtasks', 'tags', 'models', 'devices'] as const
export type Listing = (typeof listings)[number]

/** `saeval ls <what>`: one name a line, sorted; tags and devices with what stands behind them. */
export async function ls(what: Listing, includePaths: readonly string[]): Promise<string[]> {
  if (what === 'models') return registeredModels()
  if (what === 'devices') return (await listDevices()).map(({ name, description }) => `${name}  (${description})`)
  return listTasks(what, indexTasks(includePaths))
}

function listTasks(what: Exclude<Listing, 'models' | 'devices'>, { entries, tags }: TaskIndex): string[] {
  const named = (kind: 'task' | 'group') =>
    [...entries.values()].filter((entry) => entry.kind === kind).map(({ name }) => name)
  switch (what) {
    case 'groups':
      return named('group').sort()
    case 'subtasks':
      return named('task').sort()
    case 'tags':
      return [...tags].map(([tag, members]) => `${tag}  (${members.length} tasks)`).sort()
    case 'tasks':
      return [...entries.keys(), ...tags.keys()].sort()
  }
}
