import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { didYouMean, InputError } from '@saeval/hub'
import { readYaml, type YamlValue } from './yaml.js'

type Fields = ReadonlyMap<string, YamlValue>

/** A task or group file of the index. */
export interface IndexEntry {
  readonly name: string
  readonly kind: 'task' | 'group'
  readonly file: string
  /** Folder the file was found under; results name files relative to it. */
  readonly root: string
  readonly tags: readonly string[]
}

export interface TaskIndex {
  readonly entries: ReadonlyMap<string, IndexEntry>
  /** Tag -> its tasks, sorted. */
  readonly tags: ReadonlyMap<string, readonly string[]>
}

/** The task files that come with this package. */
export const builtInTasks = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'tasks')

/** Indexes every *.yaml under the built-in folder and the given ones; a name in a later folder replaces the earlier one. */
export function indexTasks(includePaths: readonly string[] = []): TaskIndex {
  const entries = new Map<string, IndexEntry>()
  const tags = new Map<string, Set<string>>()
  for (const root of [builtInTasks, ...includePaths.map((path) => resolve(path))]) {
    if (!existsSync(root)) throw new InputError(`include_path ${root} does not exist`)
    for (const file of yamlFiles(root)) {
      const entry = indexFile(file, root)
      if (entry !== null) entries.set(entry.name, entry)
    }
  }
  for (const { name, tags: own } of entries.values()) {
    for (const tag of own) tags.set(tag, (tags.get(tag) ?? new Set()).add(name))
  }
  return { entries, tags: new Map([...tags].map(([tag, names]) => [tag, [...names].sort()])) }
}

function yamlFiles(root: string): string[] {
  if (statSync(root).isFile()) return [root]
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(root, name))
}

/** null for files that name neither a task nor a group: they are there to be included. */
function indexFile(file: string, root: string): IndexEntry | null {
  const fields = readYaml(file)
  if (!(fields instanceof Map)) return null
  const name = (key: string) => (typeof fields.get(key) === 'string' ? (fields.get(key) as string) : null)
  const group = name('group')
  if (group !== null) return { name: group, kind: 'group', file, root, tags: [] }
  const task = name('task')
  if (task === null) return null
  const tag = fields.get('tag') ?? []
  return { name: task, kind: 'task', file, root, tags: (Array.isArray(tag) ? tag : [tag]) as string[] }
}

/** The fields of a task or group file with its includes merged in: later includes over earlier ones, its own fields last. */
export function resolveFields(file: string, seen: readonly string[] = []): Fields {
  if (seen.includes(file)) throw new InputError(`${file} includes itself`)
  const fields = readYaml(file)
  if (!(fields instanceof Map)) throw new InputError(`${file} is not a mapping of fields`)
  const include = fields.get('include') ?? []
  const merged = new Map<string, YamlValue>()
  for (const target of (Array.isArray(include) ? include : [include]) as YamlValue[]) {
    if (typeof target !== 'string') throw new InputError(`${file}: include is not a file name`)
    for (const [key, value] of resolveFields(resolve(dirname(file), target), [...seen, file])) merged.set(key, value)
  }
  for (const [key, value] of fields) if (key !== 'include') merged.set(key, value)
  return merged
}

/** "tasks/mmlu/default/mmlu_anatomy.yaml": how results name a file. */
export function fileLabel({ file, root }: IndexEntry): string {
  return ['tasks', ...relative(root, file).split(sep)].join('/')
}

/** The names behind one word of --tasks: a task, group or tag, or a pattern with * and ?. Throws InputError with the nearest names. */
export function matchTasks(index: TaskIndex, word: string): string[] {
  const names = [...index.entries.keys(), ...index.tags.keys()]
  if (names.includes(word)) return [word]
  if (/[*?[]/.test(word)) {
    const pattern = fnmatchPattern(word)
    const found = names.filter((name) => pattern.test(name)).sort()
    if (found.length > 0) return found
  }
  throw new InputError(
    `there is no task, group or tag "${word}"${didYouMean(word, names)} ("saeval ls tasks" lists them)`,
  )
}

/** Python's fnmatch as a regular expression. */
function fnmatchPattern(glob: string): RegExp {
  const body = glob
    .replace(/\[!/g, '[^')
    .replace(/[.+^${}()|\\]/g, (character, at: number) =>
      character === '^' && glob[at - 1] === '[' ? character : `\\${character}`,
    )
  return new RegExp(`^${body.replace(/\*/g, '.*').replace(/\?/g, '.')}$`, 's')
}
