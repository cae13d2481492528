import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { call, didYouMean, InputError, option, sentence } from '@saeval/hub'
import { fnmatchPattern, isPattern } from '@saeval/python/internal/globs/fnmatch'
import { compareCodePoints } from '@saeval/python/internal/text/text'
import { neededFields } from '../yaml/needed-fields.js'
import { readText, type YamlValue } from '../yaml/yaml.js'
import { type FieldReader, resolveFields, wholeFields } from './resolve-fields.js'

/** A task or group file of the index. */
export interface IndexEntry {
  readonly name: string
  readonly kind: 'task' | 'group'
  readonly file: string
  /**
   * What results name the file, as lm_eval does: below the folder as it was given ("my_tasks/a.yaml"), "inline" for a word of `tasks`,
   * "tasks/mmlu/default/mmlu_anatomy.yaml" for those of this package.
   */
  readonly label: string
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
 * replaces the earlier one (a tag, too), within a folder the first file by path has the name. Only the fields that name things are read,
 * so a file that is broken elsewhere is found out when it is loaded, or when `problems` are asked for; `whole` reads files whole at once
 * and leaves broken ones out. Throws InputError for folders that are not there.
 */
export function indexTasks(includePaths: readonly string[] = [], { whole = false } = {}): TaskIndex {
  const roots = [
    { folder: builtInTasks, given: 'tasks' },
    ...includePaths.map((path) => ({ folder: resolve(path), given: path })),
  ]
  if (whole) return buildIndex(roots, wholeFields)
  let problems: readonly string[] | null = null
  return {
    ...buildIndex(roots, namingFields()),
    get problems() {
      problems ??= buildIndex(roots, wholeFields).problems
      return problems
    },
  }
}

/** A folder of task files and how the user names it. */
interface Root {
  readonly folder: string
  readonly given: string
}

/** What a name stands for: a task or group, or a tag as the names of its tasks. */
type Named = IndexEntry | Set<string>

function buildIndex(roots: readonly Root[], read: FieldReader): TaskIndex {
  const named = new Map<string, Named>()
  const problems: string[] = []
  for (const { folder, given } of roots) {
    if (!existsSync(folder)) throw new InputError(`include_path ${folder} does not exist`)
    const own = new Map<string, Named>()
    for (const file of yamlFiles(folder)) {
      const entry = tryIndex(file, labelOf(given, relative(folder, file)), read, problems)
      if (entry === null) continue
      const first = own.get(entry.name)
      if (first !== undefined)
        problems.push(
          `${file}: the ${entry.kind} ${entry.name} is ${first instanceof Set ? 'a tag of tasks before it' : `that of ${first.file} already`}`,
        )
      else {
        own.set(entry.name, entry)
        for (const tag of entry.tags) {
          const known = own.get(tag) ?? new Set()
          if (known instanceof Set) own.set(tag, known.add(entry.name))
        }
      }
    }
    for (const [name, value] of own) named.set(name, value)
  }
  const entries = new Map<string, IndexEntry>()
  const tags = new Map<string, readonly string[]>()
  for (const [name, value] of named)
    if (value instanceof Set) tags.set(name, [...value].sort(compareCodePoints))
    else entries.set(name, value)
  return { entries, tags, problems }
}

const indexed = new Set(['task', 'group', 'tag', 'class', 'include'])

/** Reads what the index needs of files, each once. */
function namingFields(): FieldReader {
  const known = new Map<string, YamlValue | undefined>()
  return (file) => {
    if (known.has(file)) return known.get(file)
    const text = readText(file)
    const fields = text === null ? undefined : neededFields(text, file, indexed)
    known.set(file, fields)
    return fields
  }
}

const ignoredFolders = ['__pycache__', '.ipynb_checkpoints']

function yamlFiles(root: string): string[] {
  return statSync(root).isDirectory() ? filesBelow(root, []).sort(compareCodePoints) : [root]
}

/** `above` are the folders that hold this one, which a link may lead back to. */
function filesBelow(folder: string, above: readonly string[]): string[] {
  const real = realpathSync(folder)
  if (above.includes(real)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (ignoredFolders.includes(entry.name)) return []
    const path = join(folder, entry.name)
    const own = entry.name.endsWith('.yaml') ? [path] : []
    // with a separator at its end, only a link to a folder is there
    const isFolder = entry.isSymbolicLink() ? existsSync(join(path, sep)) : entry.isDirectory()
    return isFolder ? [...own, ...filesBelow(path, [...above, real])] : own
  })
}

function tryIndex(file: string, label: string, read: FieldReader, problems: string[]): IndexEntry | null {
  try {
    return indexFile(file, label, read)
  } catch (error) {
    if (!InputError.isInstance(error)) throw error
    problems.push(error.message)
    return null
  }
}

/** null for files that name neither a task nor a group: they are there to be included. */
function indexFile(file: string, label: string, read: FieldReader): IndexEntry | null {
  const fields = resolveFields(file, read)
  const named = (kind: 'task' | 'group', name: YamlValue | undefined): IndexEntry | null => {
    if (name === undefined) return null
    if (typeof name !== 'string') throw new InputError(`${file}: ${kind} is not a name`)
    const tag = fields.get('tag') ?? []
    const tags = kind === 'task' ? ((Array.isArray(tag) ? tag : [tag]) as YamlValue[]) : []
    if (!tags.every((text) => typeof text === 'string'))
      throw new InputError(`${file}: tag is neither a name nor a list of names`)
    return { name, kind, file, label, tags }
  }
  if (fields.has('class')) return named('task', fields.get('task'))
  return fields.has('group') ? named('group', fields.get('group')) : named('task', fields.get('task'))
}

/** The path of a file below a folder as Python's pathlib writes it: without "." and doubled separators. */
function labelOf(folder: string, below: string): string {
  const parts = [folder, below].flatMap((path) => path.split(sep).join('/').split('/'))
  return (folder.startsWith('/') ? '/' : '') + parts.filter((part) => part !== '' && part !== '.').join('/')
}

/** One command that brings lm_eval's task files, and the option that reads them. */
const upstream = sentence`"git clone --depth 1 https://github.com/EleutherAI/lm-evaluation-harness" and ${option('includePath')} lm-evaluation-harness/lm_eval/tasks`

/** The names behind one word of `tasks`: a task, group or tag, or a pattern with *, ? and [...]. Throws InputError with the nearest names. */
export function matchTasks(index: TaskIndex, word: string): string[] {
  const names = [...index.entries.keys(), ...index.tags.keys()]
  if (index.entries.has(word) || index.tags.has(word)) return [word]
  if (isPattern(word)) {
    const pattern = fnmatchPattern(word)
    const found = names.filter((name) => pattern.test(name)).sort(compareCodePoints)
    if (found.length > 0) return found
  }
  const [problem, ...others] = index.problems
  const unread =
    problem === undefined ? '' : `; not everything could be read: ${problem}${others.length > 0 ? ', …' : ''}`
  throw new InputError(
    sentence`there is no task, group or tag "${word}"${didYouMean(word, names)} (${call('indexTasks')} lists them; those of lm-evaluation-harness come with ${upstream})${unread}`,
  )
}
