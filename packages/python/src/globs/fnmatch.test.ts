import { describe, expect, it } from 'vitest'
import { fnmatchPattern, pathPattern } from './fnmatch.js'

/** What of some names matches: as fnmatch.fnmatchcase of Python 3.11 and fsspec.utils.glob_translate of 2026.6 say. */
const names = ['a', 'b', 'a/b', 'a/c/b', '.a', ']', '-', '[', '[!]', '\\', '😀', 'c.x', '']

describe('patterns', () => {
  it.each<[pattern: string, names: string[]]>([
    ['*', names],
    ['?', ['a', 'b', ']', '-', '[', '\\', '😀']],
    ['[ab]', ['a', 'b']],
    ['[!a-z]', [']', '-', '[', '\\', '😀']],
    ['[]-]', [']', '-']],
    ['[z-a]', []],
    ['[!z-a]', ['a', 'b', ']', '-', '[', '\\', '😀']],
    ['[^a]', ['a']],
    ['[!]', ['[!]']],
    ['[', ['[']],
    ['[+--]', ['-']],
    ['a*b', ['a/b', 'a/c/b']],
    ['?.x', ['c.x']],
    ['\\', ['\\']],
  ])('of names: %s', (pattern, matching) => {
    expect(names.filter((name) => fnmatchPattern(pattern).test(name))).toEqual(matching)
  })

  it.each<[pattern: string, names: string[]]>([
    ['a/*', ['a/b']],
    ['a/**', ['a/b', 'a/c/b']],
    ['**/b', ['b', 'a/b', 'a/c/b']],
    ['a/**/b', ['a/b', 'a/c/b']],
    ['*/[!a]/?', ['a/c/b']],
    ['a[', []],
    // beside other characters: what the documentation of datasets says of "**.csv"
    ['a**b', ['a/b', 'a/c/b']],
  ])('of paths: %s', (pattern, matching) => {
    expect(names.filter((name) => pathPattern(pattern).test(name))).toEqual(matching)
  })
})
