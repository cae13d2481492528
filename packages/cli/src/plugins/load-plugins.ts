import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { registerAggregation, registerFilter, registerMetric } from '@saeval/eval-harness'
import type { PluginIdentity } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { registerModel } from '@saeval/language-model'
import { registerSaeLoader } from '@saeval/sae-core'
import { resolve as resolveModule } from 'import-meta-resolve'
import { moduleHash } from './module-hash.js'

/** What a plug-in's function is given: each makes a name known, and throws for one that is there already. */
export interface PluginRegistry {
  readonly registerModel: typeof registerModel
  readonly registerMetric: typeof registerMetric
  readonly registerAggregation: typeof registerAggregation
  readonly registerFilter: typeof registerFilter
  readonly registerSaeLoader: typeof registerSaeLoader
}

/** The default export of a plug-in's module, or its export `register`. */
export type Plugin = (registry: PluginRegistry) => void | Promise<void>

/** A plug-in that is loaded, and the names that it brought by kind. */
export interface LoadedPlugin extends PluginIdentity {
  readonly brought: readonly { readonly kind: PluginKind; readonly name: string }[]
}

export type PluginKind = 'model' | 'metric' | 'aggregation' | 'filter' | 'SAE format'

const loaded = new Map<string, LoadedPlugin>()

/** The plug-ins of this process, in the order in which they were loaded. */
export function loadedPlugins(): readonly LoadedPlugin[] {
  return [...loaded.values()]
}

/**
 * Loads plug-ins: paths relative to `folder`, or packages that are found from there. One that is loaded already is not loaded again. Throws
 * InputError for a module that is not there, throws, or registers what is there already.
 */
export async function loadPlugins(words: readonly string[], folder: string): Promise<void> {
  for (const word of words) {
    const path = realpathSync(pathOf(word, folder))
    if (!loaded.has(path)) loaded.set(path, await load(word, path))
  }
}

function pathOf(word: string, folder: string): string {
  const path = resolve(folder, word)
  if (existsSync(path)) {
    if (statSync(path).isFile()) return path
    if (!isPackageName(word)) throw new InputError(`--plugin ${word} is a folder; give the file of its module`)
  }
  if (!isPackageName(word)) throw new InputError(`--plugin ${word}: there is no such file in ${folder}`)
  try {
    const found = fileURLToPath(resolveModule(word, pathToFileURL(join(folder, 'any.js')).href))
    if (existsSync(found)) return found
  } catch (cause) {
    throw new InputError(
      `--plugin ${word} is neither a file nor a package that can be imported from ${folder}: ${firstLine(cause)}`,
      { cause },
    )
  }
  throw new InputError(`--plugin ${word}: the file that its package.json names is not there`)
}

function isPackageName(word: string): boolean {
  return /^(@[\w.-]+\/)?[a-z0-9~][\w.-]*(\/.*)?$/i.test(word) && !/\.[cm]?[jt]s$/.test(word)
}

async function load(word: string, path: string): Promise<LoadedPlugin> {
  let module: { readonly default?: unknown; readonly register?: unknown }
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module
  } catch (cause) {
    throw new InputError(`--plugin ${word} cannot be loaded: ${firstLine(cause)}`, { cause })
  }
  const register = module.default ?? module.register
  if (typeof register !== 'function')
    throw new InputError(`--plugin ${word} exports no function, neither by default nor as "register"`)
  const brought: { kind: PluginKind; name: string }[] = []
  try {
    await (register as Plugin)(registryFor((kind, name) => brought.push({ kind, name })))
  } catch (cause) {
    throw new InputError(`--plugin ${word}: ${firstLine(cause)}`, { cause })
  }
  if (brought.length === 0) throw new InputError(`--plugin ${word} registers nothing`)
  return { ...nameOf(word, path), sha256: moduleHash(path), brought }
}

function registryFor(note: (kind: PluginKind, name: string) => void): PluginRegistry {
  const noting =
    <Given extends unknown[]>(kind: PluginKind, register: (name: string, ...given: Given) => void) =>
    (name: string, ...given: Given) => {
      if (typeof name !== 'string' || name === '') throw new Error(`a ${kind} is registered without a name`)
      register(name, ...given)
      note(kind, name)
    }
  return {
    registerModel: noting('model', registerModel),
    registerMetric: noting('metric', registerMetric),
    registerAggregation: noting('aggregation', registerAggregation),
    registerFilter: noting('filter', registerFilter),
    registerSaeLoader: noting('SAE format', registerSaeLoader),
  }
}

/** Of a package its own name and version; of a file the word. */
function nameOf(word: string, path: string): Pick<PluginIdentity, 'name' | 'version'> {
  if (!isPackageName(word)) return { name: word, version: null }
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (!existsSync(manifest)) continue
    const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string; version?: string }
    if (name !== undefined) return { name, version: version ?? null }
  }
  return { name: word, version: null }
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!
}
