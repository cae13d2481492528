import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** `import a.b as c, d` and `from .a import b as c, d`, also in parentheses over several lines. */
const imports = /^[ \t]*(?:import[ \t]+([^\n#]+)|from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(?:\(([^)]*)\)|([^\n#]*)))/gm
const upstream = 'lm_eval.tasks.'

/**
 * The texts of a Python file and of the task files that it imports, directly or through others: what decides the meaning of its functions. What is
 * found neither beside a file nor, as lm_eval.tasks…, in a folder above it belongs to Python or to a package.
 */
export function pythonSources(file: string): string[] {
  return [...pythonFiles(file).values()]
}

/** The same by their paths. */
export function pythonFiles(file: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const visit = (path: string) => {
    if (found.has(path) || !isFile(path)) return
    const text = readFileSync(path, 'utf8')
    found.set(path, text)
    for (const [, plain, dots = '', module = '', many, few] of text.matchAll(imports)) {
      const names = (plain ?? many ?? few ?? '').split(',').map((part) => part.trim().split(/\s+/)[0]!)
      const modules = plain === undefined ? [module, ...names.map((name) => `${module}.${name}`)] : names
      for (const name of modules) for (const candidate of placesOf(path, dots, name)) visit(candidate)
    }
  }
  visit(file)
  return found
}

/** Where a module may lie that a file imports. */
function placesOf(file: string, dots: string, module: string): string[] {
  const below = (folder: string, name: string) => {
    const path = join(folder, ...name.split('.'))
    return [`${path}.py`, join(path, '__init__.py')]
  }
  const own = dots.length > 1 ? join(dirname(file), '../'.repeat(dots.length - 1)) : dirname(file)
  if (!module.startsWith(upstream)) return below(own, module)
  const above: string[] = []
  for (let folder = own; folder !== dirname(folder); folder = dirname(folder)) above.push(folder)
  return above.flatMap((folder) => below(folder, module.slice(upstream.length)))
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
