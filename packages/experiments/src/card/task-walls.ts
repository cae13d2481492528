import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { readYaml, type YamlValue } from '@saeval/eval-harness/internal/yaml/yaml'
import { InputError } from '@saeval/hub'
import { cut, shown } from '@saeval/hub/checks'

/**
 * Looks into the files `paths`, all task files of a card, before they are read as tasks. Throws InputError where one includes what is not in the card, or names data outside of it.
 * `holds` tells whether the card has a path.
 */
export function checkTaskFiles(folder: string, paths: Iterable<string>, holds: (path: string) => boolean): void {
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    const refuse = (what: string): never => {
      throw new InputError(`${path} of the card ${what}; nothing outside of a card is read`)
    }
    const look = (value: YamlValue): void => {
      if (Array.isArray(value)) for (const part of value as readonly YamlValue[]) look(part)
      if (!(value instanceof Map)) return
      for (const [key, part] of value as ReadonlyMap<string, YamlValue>) {
        if (key === 'include')
          for (const target of textsOf(part)) {
            const included = relative(folder, resolve(dirname(join(folder, path)), target))
              .split(sep)
              .join('/')
            if (isAbsolute(target) || !holds(included)) refuse(`includes ${shown(target)}, which is not in the card`)
            visit(included)
          }
        if (key === 'dataset_path' || key === 'data_files' || key === 'data_dir')
          for (const name of textsOf(part)) if (leaves(name)) refuse(`names data outside of it: ${shown(name)}`)
        look(part)
      }
    }
    look(readYaml(join(folder, path)))
  }
  for (const path of paths) visit(path)
}

/** Texts at and below a value. */
function textsOf(value: YamlValue): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return (value as readonly YamlValue[]).flatMap(textsOf)
  return value instanceof Map ? [...value.values()].flatMap((part) => textsOf(part as YamlValue)) : []
}

function leaves(name: string): boolean {
  return (
    isAbsolute(name) || /^[A-Za-z]:/.test(name.replace(/^(hf|https?):\/\//, '')) || name.split(/[/\\]/).includes('..')
  )
}

/** Paths that an adapter's configuration or a file of vectors names. Throws InputError where they are no such files. */
export function namedBy(file: string, name: 'base_model_name_or_path' | 'source'): string[] {
  const found: string[] = []
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    JSON.stringify(value, (key, part: unknown) => {
      if (key === name && typeof part === 'string') found.push(part)
      return part
    })
  } catch (cause) {
    throw new InputError(`${cut(file)} is not JSON, or lies too deep in itself`, { cause })
  }
  return found
}
