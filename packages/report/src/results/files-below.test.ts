import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { filesBelow } from './files-below.js'

it('gives the files below a folder, through links, while others take some away', () => {
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()]
  for (const name of ['a', 'claims', 'z']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'file.json'), '')
  }
  writeFileSync(join(elsewhere, 'there.json'), '')
  symlinkSync(elsewhere, join(folder, 'link'))
  symlinkSync(join(folder, 'nowhere'), join(folder, 'broken.json'))
  const all = ['a', 'claims', 'z'].map((name) => join(name, 'file.json'))
  expect([...filesBelow(folder)].sort()).toEqual([...all, join('link', 'there.json')].sort())
  const files = filesBelow(folder)
  const { value: first } = files.next()
  for (const name of ['a', 'claims', 'z']) rmSync(join(folder, name), { recursive: true })
  expect([first, ...files]).toEqual([first, join('link', 'there.json')])
  expect([...filesBelow(join(folder, 'nowhere'))]).toEqual([])
})

it('follows no link to a folder that it lies in', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'a'))
  writeFileSync(join(folder, 'a', 'file.json'), '')
  for (const name of ['x', 'y', join('a', 'z')]) symlinkSync(folder, join(folder, name))
  expect([...filesBelow(folder)]).toEqual([join('a', 'file.json')])
})
