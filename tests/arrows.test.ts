import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository } from './fixtures.js'

/** A file of a package's sources: its path in the repository, and what it imports, as written. */
interface Source {
  readonly path: string
  /** Values, which are there when it is built. */
  readonly imports: readonly string[]
  /** Types, which vanish. */
  readonly types: readonly string[]
}

const packages = join(repository, 'packages')
const names = readdirSync(packages)
const isTest = (path: string) => /\.(test|testing)\.ts$/.test(path)

function sourcesOf(name: string): Source[] {
  const root = join(packages, name, 'src')
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !isTest(file))
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const found = text.matchAll(
        /(?:^|\n)(?:import|export)(?! type\b)\b[^'"]*?\bfrom\s+'([^']+)'|\bimport\('([^']+)'\)/g,
      )
      const types = text.matchAll(/(?:^|\n)(?:import|export) type\b[^'"]*?\bfrom\s+'([^']+)'/g)
      return {
        path: relative(repository, join(root, file)),
        imports: [...found].map((match) => match[1] ?? match[2]!),
        types: [...types].map((match) => match[1]!),
      }
    })
}

/** Nodes that are in a circle of arrows, those of each circle together. */
function circles(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (node: string) => {
    index.set(node, index.size)
    low.set(node, index.get(node)!)
    stack.push(node)
    for (const next of arrows.get(node) ?? []) {
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!))
    }
    if (low.get(node) !== index.get(node)) return
    const circle = stack.splice(stack.indexOf(node))
    if (circle.length > 1) found.push(circle.sort())
  }
  for (const node of arrows.keys()) if (!index.has(node)) visit(node)
  return found
}

function graph(pairs: readonly (readonly [string, string])[]): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>()
  for (const [from, to] of pairs) {
    if (from === to) continue
    arrows.set(from, (arrows.get(from) ?? new Set()).add(to))
    if (!arrows.has(to)) arrows.set(to, new Set())
  }
  return arrows
}

/** Arrows between the files of a package, for values and for types. */
function fileArrows(sources: readonly Source[]): (readonly [string, string])[] {
  return sources.flatMap(({ path, imports, types }) =>
    [...imports, ...types]
      .filter((spec) => spec.startsWith('.'))
      .map((spec) => [path, join(dirname(path), spec).replace(/\.js$/, '.ts')] as const),
  )
}

/** The same arrows between rooms: where the ways of two files part, the folder (or file) that each is in. */
function roomArrows(sources: readonly Source[]): (readonly [string, string])[] {
  return fileArrows(sources).map(([from, to]) => {
    const [a, b] = [from.split(sep), to.split(sep)]
    const common = a.findIndex((part, index) => part !== b[index])
    const room = (parts: readonly string[]) => parts.slice(0, common + 1).join(sep)
    return common < 0 ? [from, to] : [room(a), room(b)]
  })
}

/** Statements hold statements, and expressions expressions: the compiler of a grammar is one recursion, in several files. */
const grammar = join('packages', 'python', 'src', 'templates', 'compile')

/** The circles of arrows that must not be there. */
function wrongCircles(arrows: readonly (readonly [string, string])[]): string[][] {
  return circles(graph(arrows)).filter((circle) => !circle.every((path) => path.startsWith(grammar)))
}

interface Manifest {
  /** What stands for one file in Node and for another in a browser. */
  readonly imports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

describe('arrows between packages and files', () => {
  it.each(names)('%s imports only what its package.json names', (name) => {
    const text = readFileSync(join(packages, name, 'package.json'), 'utf8')
    const { dependencies = {}, optionalDependencies = {}, imports = {} } = JSON.parse(text) as Manifest
    const known = new Set([dependencies, optionalDependencies, imports].flatMap(Object.keys))
    const undeclared = sourcesOf(name).flatMap(({ path, imports }) =>
      imports
        .filter((spec) => !/^(\.|node:)/.test(spec) && !builtinModules.includes(spec))
        .map((spec) => spec.split('/', spec.startsWith('@') ? 2 : 1).join('/'))
        .filter((wanted) => !known.has(wanted))
        .map((wanted) => `${path}: ${wanted}`),
    )
    expect(undeclared).toEqual([])
  })

  it('form no circle of packages', () => {
    const pairs = names.flatMap((name) => {
      const text = readFileSync(join(packages, name, 'package.json'), 'utf8')
      const needed = Object.keys((JSON.parse(text) as Manifest).dependencies ?? {})
      return needed.filter((other) => other.startsWith('@saeval/')).map((other) => [`@saeval/${name}`, other] as const)
    })
    expect(circles(graph(pairs))).toEqual([])
  })

  it.each(names)('form no circle of files in %s', (name) => {
    expect(wrongCircles(fileArrows(sourcesOf(name)))).toEqual([])
  })

  it.each(names)('form no circle of folders in %s', (name) => {
    expect(wrongCircles(roomArrows(sourcesOf(name)))).toEqual([])
  })

  it('are seen where there are some', () => {
    const pairs = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'd'],
    ] as const
    expect(circles(graph(pairs))).toEqual([['a', 'b', 'c']])
  })
})
