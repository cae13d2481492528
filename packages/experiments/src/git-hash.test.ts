import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { gitHash, headCommit } from './git-hash.js'

it('is what git describe says, and what .git names, as lm_eval records them', () => {
  const folder = temporaryFolder()
  expect([gitHash(folder), headCommit(folder)]).toEqual([null, null])
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim()
  git('init', '-q', '-b', 'main')
  git('commit', '-q', '--allow-empty', '-m', 'x')
  const commit = git('rev-parse', 'HEAD')
  expect(commit).toMatch(/^[0-9a-f]{40}$/)
  expect(commit.startsWith(gitHash(folder)!)).toBe(true)
  expect(headCommit(folder)).toBe(commit)
  git('tag', '-a', 'v1', '-m', 'v1')
  expect(gitHash(folder)).toBe('v1')
  // a work tree of a submodule
  const inner = join(folder, 'inner')
  mkdirSync(inner)
  writeFileSync(join(inner, '.git'), 'gitdir: ../.git\n')
  expect(headCommit(inner)).toBe(commit)
})
