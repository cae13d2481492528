import { dirname, isAbsolute, resolve } from 'node:path'
import { InputError } from '@saeval/hub'
import { shortened } from '../messages/listed.js'
import { isFile, readYaml, type YamlValue } from '../yaml/yaml.js'

/** Fields of a task or group file by name. */
export type Fields = ReadonlyMap<string, YamlValue>

/** Reads a file's fields; undefined where there is no such file. */
export type FieldReader = (file: string) => YamlValue | undefined

/** Reads all fields. */
export const wholeFields: FieldReader = (file) => (isFile(file) ? readYaml(file) : undefined)

/** The fields of a task or group file with its includes merged in: later includes over earlier ones, its own fields last. */
export function resolveFields(file: string, read: FieldReader = wholeFields): Fields {
  return withIncludes(file, read(file), read, new Set([file]))
}

/** One set for the whole file, as in lm_eval: a file that two includes share cannot be told from a circle. */
function withIncludes(file: string, fields: YamlValue | undefined, read: FieldReader, seen: Set<string>): Fields {
  if (fields === undefined) throw new InputError(`cannot read ${file}: no such file`)
  if (!(fields instanceof Map)) throw new InputError(`${file} is not a mapping of fields`)
  const include = fields.get('include')
  if (include === undefined) return fields
  const merged = new Map<string, YamlValue>()
  for (const target of (Array.isArray(include) ? include : [include]) as YamlValue[]) {
    if (typeof target !== 'string') throw new InputError(`${file}: include is not a file name`)
    const path = isAbsolute(target) ? target : resolve(dirname(file), target)
    if (seen.has(path)) throw new InputError(`${path} is included more than once, by itself or by two of its includes`)
    seen.add(path)
    const included = read(path)
    if (included === undefined) throw new InputError(`${file}: include names ${shortened(target)}, which is not there`)
    for (const [key, value] of withIncludes(path, included, read, seen)) if (key !== 'task_list') merged.set(key, value)
  }
  for (const [key, value] of fields) if (key !== 'include') merged.set(key, value)
  return merged
}
