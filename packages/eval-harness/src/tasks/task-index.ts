import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { didYouMean, InputError } from '@saeval/hub'
import { compareCodePoints } from '../python/text.js'
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
  /** What is wrong with files that could not be read or have a name that another file of their folder has. */
  readonly problems: readonly string[]
}

/** The task files that come with this package. */
export const builtInTasks = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'tasks')

/**
 * Indexes every *.yaml under the built-in folder and the given ones (a single file may stand for a folder); a name in a later folder
 * replaces the earlier one, within a folder the first file by path has the name. Throws InputError for folders that are not there.
 */
export function indexTasks(includePaths: readonly string[] = []): TaskIndex {
  const entries = new Map<string, IndexEntry>()
  const problems: string[] = []
  const tagged = new Map<string, Set<string>>()
  for (const root of [builtInTasks, ...includePaths.map((path) => resolve(path))]) {
    if (!existsSync(root)) throw new InputError(`include_path ${root} does not exist`)
    const own = new Map<string, IndexEntry>()
    for (const file of yamlFiles(root)) {
      const entry = tryIndex(file, root, problems)
      if (entry === null) continue
      const first = own.get(entry.name)
      if (first) problems.push(`${file}: the ${entry.kind} ${entry.name} is that of ${first.file} already`)
      else own.set(entry.name, entry)
    }
    for (const entry of own.values()) {
      entries.set(entry.name, entry)
      for (const tag of entry.tags) tagged.set(tag, (tagged.get(tag) ?? new Set()).add(entry.name))
    }
  }
  const tags = [...tagged].filter(([tag]) => !entries.has(tag))
  return { entries, tags: new Map(tags.map(([tag, names]) => [tag, [...names].sort(compareCodePoints)])), problems }
}

const ignoredFolders = ['__pycache__', '.ipynb_checkpoints']

function yamlFiles(root: string): string[] {
  if (statSync(root).isFile()) return [root]
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.split(sep).some((part) => ignoredFolders.includes(part)))
    .map((name) => join(root, name))
    .sort(compareCodePoints)
}

function tryIndex(file: string, root: string, problems: string[]): IndexEntry | null {
  try {
    return indexFile(file, root)
  } catch (error) {
    if (!InputError.isInstance(error)) throw error
    problems.push(error.message)
    return null
  }
}

/** null for files that name neither a task nor a group: they are there to be included. */
function indexFile(file: string, root: string): IndexEntry | null {
  const fields = resolveFields(file)
  const named = (kind: 'task' | 'group', name: YamlValue | undefined): IndexEntry | null => {
    if (name === undefined) return null
    if (typeof name !== 'string') throw new InputError(`${file}: ${kind} is not a name`)
    const tag = fields.get('tag') ?? []
    const tags = kind === 'task' ? ((Array.isArray(tag) ? tag : [tag]) as string[]) : []
    return { name, kind, file, root, tags }
  }
  if (fields.has('class')) return named('task', fields.get('task'))
  return fields.has('group') ? named('group', fields.get('group')) : named('task', fields.get('task'))
}

/** The fields of a task or group file with its includes merged in: later includes over earlier ones, its own fields last. */
export function resolveFields(file: string): Fields {
  return withIncludes(file, new Set())
}

/** One set for the whole file, as in lm_eval: a file that two includes share cannot be told from a circle. */
function withIncludes(file: string, seen: Set<string>): Fields {
  if (seen.has(file)) throw new InputError(`${file} is included more than once, by itself or by two of its includes`)
  seen.add(file)
  const fields = readYaml(file)
  if (!(fields instanceof Map)) throw new InputError(`${file} is not a mapping of fields`)
  const include = fields.get('include')
  if (include === undefined) return fields
  const merged = new Map<string, YamlValue>()
  for (const target of (Array.isArray(include) ? include : [include]) as YamlValue[]) {
    if (typeof target !== 'string') throw new InputError(`${file}: include is not a file name`)
    const path = isAbsolute(target) ? target : resolve(dirname(file), target)
    if (!existsSync(path)) throw new InputError(`${file}: include names ${target}, which is not there`)
    for (const [key, value] of withIncludes(path, seen)) if (key !== 'task_list') merged.set(key, value)
  }
  for (const [key, value] of fields) if (key !== 'include') merged.set(key, value)
  return merged
}

/** How results name a file: "tasks/mmlu/default/mmlu_anatomy.yaml" for those of this package, the whole path for others, as lm_eval does. */
export function fileLabel({ file, root }: IndexEntry): string {
  return root === builtInTasks ? ['tasks', ...relative(root, file).split(sep)].join('/') : file
}

/** The names behind one word of --tasks: a task, group or tag, or a pattern with *, ? and [...]. Throws InputError with the nearest names. */
export function matchTasks(index: TaskIndex, word: string): string[] {
  const names = [...index.entries.keys(), ...index.tags.keys()]
  if (index.entries.has(word) || index.tags.has(word)) return [word]
  if (/[*?[]/.test(word)) {
    const pattern = fnmatchPattern(word)
    const found = names.filter((name) => pattern.test(name)).sort(compareCodePoints)
    if (found.length > 0) return found
  }
  const [problem, ...others] = index.problems
  const unread =
    problem === undefined ? '' : `; not everything could be read: ${problem}${others.length > 0 ? ', …' : ''}`
  throw new InputError(
    `there is no task, group or tag "${word}"${didYouMean(word, names)} ("saeval ls tasks" lists them)${unread}`,
  )
}

/** Python's fnmatch as a regular expression. */
export function fnmatchPattern(glob: string): RegExp {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const unit = glob[at]!
    if (unit === '*') source += '.*'
    else if (unit === '?') source += '.'
    else if (unit === '[') {
      // a ] right after the opening (or its !) stands for itself; without a closing one so does the [
      const from = glob[at + 1] === '!' ? at + 2 : at + 1
      const end = glob.indexOf(']', from + 1)
      if (end < 0) source += '\\['
      else {
        const body = glob.slice(from, end).replace(/[\\\]^[&~|]/g, '\\$&')
        source += `[${from > at + 1 ? '^' : ''}${body}]`
        at = end
      }
    } else source += unit.replace(/[.+^${}()|\\\]/-]/, '\\$&')
  }
  return new RegExp(`^${source}$`, 's')
}
