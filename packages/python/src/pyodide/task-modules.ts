import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import type { PythonFile } from './python-file.js'

/** A Python file of a task as Python knows it. */
export interface TaskModule {
  /** "/tasks/0/hellaswag/utils.py" */
  readonly path: string
  /** "lm_eval.tasks.hellaswag.utils": upstream's name, so that modules find each other. */
  readonly name: string
}

/** Files beside a module that it may open. */
export const dataEndings: ReadonlySet<string> = new Set(['.json', '.jsonl', '.txt', '.csv', '.tsv', '.pddl', '.lark'])
/** Bytes of such a file, at most. */
export const largest = 4 << 20

/**
 * The folders of task files as Python sees them: each root is a folder of /tasks and of the package lm_eval.tasks. What a module can see
 * is its family (the folder below the root) and the families it imports.
 */
export class TaskModules {
  readonly #roots: string[]
  readonly #mounted = new Set<string>()

  /** `roots`: the folders that tasks were found in; a file below none of them is alone in its folder. */
  constructor(
    roots: readonly string[],
    readonly add: (files: readonly PythonFile[]) => void,
  ) {
    this.#roots = roots.map((root) => resolve(root))
  }

  /** Makes a module and what it may import visible to Python. */
  open(file: string): TaskModule {
    const root = this.#rootOf(resolve(file))
    const parts = relative(root, resolve(file)).split(sep)
    this.#mount(root, parts.length > 1 ? parts[0]! : '')
    const inside = parts.join('/')
    return {
      path: `${this.#pathOf(root)}/${inside}`,
      name: `lm_eval.tasks.${inside.replace(/\.py$/, '').replaceAll('/', '.')}`,
    }
  }

  /** The file of a module given as upstream's package names it ("lm_eval.tasks.noreval.utils"); null where no root has it. */
  find(module: string): string | null {
    const inside = /^lm_eval\.tasks\.(.+)$/.exec(module)?.[1]
    if (inside === undefined) return null
    const files = this.#roots.map((root) => join(root, `${inside.replaceAll('.', sep)}.py`))
    return files.find((file) => existsSync(file)) ?? null
  }

  /** The real place of a file that Python names. */
  realPath(path: string): string {
    const found = /^\/tasks\/(\d+)\/(.*)$/.exec(path)
    return found === null ? path : join(this.#roots[Number(found[1])]!, found[2]!)
  }

  #rootOf(file: string): string {
    // upstream's tree is known wherever it lies, as in lm_eval itself
    const marker = file.indexOf('/lm_eval/tasks/')
    const root =
      marker >= 0
        ? file.slice(0, marker + '/lm_eval/tasks'.length)
        : (this.#roots.find((folder) => file.startsWith(folder + sep)) ?? dirname(file))
    if (!this.#roots.includes(root)) this.#roots.push(root)
    return root
  }

  #pathOf(root: string): string {
    return `/tasks/${this.#roots.indexOf(root)}`
  }

  #mount(root: string, family: string): void {
    const folder = join(root, family)
    if (this.#mounted.has(folder)) return
    this.#mounted.add(folder)
    const files = readdirSync(folder, { recursive: family !== '', encoding: 'utf8' })
      .filter((name) => name.endsWith('.py') || dataEndings.has(extname(name)))
      .map((name) => join(folder, name))
      .filter((file) => statSync(file).isFile() && statSync(file).size <= largest)
      .map((file) => [file, readFileSync(file)] as const)
    this.add(
      files.map(([file, bytes]) => [`${this.#pathOf(root)}/${relative(root, file).split(sep).join('/')}`, bytes]),
    )
    for (const [file, bytes] of files) {
      if (!file.endsWith('.py')) continue
      for (const [, other] of bytes.toString('utf8').matchAll(/\blm_eval\.tasks\.(\w+)/g)) this.#mountFamily(other!)
    }
  }

  #mountFamily(family: string): void {
    const root = this.#roots.find((folder) => existsSync(join(folder, family)))
    if (root !== undefined && statSync(join(root, family)).isDirectory()) this.#mount(root, family)
  }
}
