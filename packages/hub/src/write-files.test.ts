import type fs from 'node:fs'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { InputError, makeWritableFolder, writeFiles } from './index.js'

/** The call of a function of node:fs that fails, counted from 1, and how; named by the function. */
const faults = vi.hoisted(() => new Map<string, { call: number; code: string }>())
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const faulty = (name: 'renameSync' | 'writeFileSync' | 'linkSync' | 'mkdirSync') => {
    const call = real[name] as (...args: unknown[]) => unknown
    return (...args: unknown[]) => {
      const fault = faults.get(name)
      if (fault && --fault.call === 0) throw Object.assign(new Error(fault.code), { code: fault.code })
      return call(...args)
    }
  }
  const names = ['renameSync', 'writeFileSync', 'linkSync', 'mkdirSync'] as const
  return { ...real, ...Object.fromEntries(names.map((name) => [name, faulty(name)])) }
})

it('writes all files or none, and says which one cannot be', () => {
  const folder = temporaryFolder()
  writeFiles([
    [join(folder, 'a'), 'A'],
    [join(folder, 'b'), new Uint8Array([66])],
  ])
  expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('B')
  mkdirSync(join(folder, 'taken', 'x'), { recursive: true })
  const failing = [
    [join(folder, 'c'), 'C'],
    [join(folder, 'taken'), 'D'],
  ] as const
  expect(() => writeFiles(failing)).toThrow(`cannot write ${join(folder, 'taken')} (`)
  expect(() => writeFiles([[join(folder, 'none', 'c'), 'C']])).toThrow(InputError)
  expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'taken'])
})

it('leaves the old files where a new one cannot take its place, whichever it is', () => {
  const files = (folder: string) => ['a', 'b', 'c'].map((name) => [join(folder, name), `new ${name}`] as const)
  for (const [name, code] of [
    ['writeFileSync', 'ENOSPC'],
    ['renameSync', 'EPERM'],
  ] as const)
    for (const second of ['links', 'no links'])
      for (let call = 1; call <= 3; call++) {
        const folder = temporaryFolder()
        writeFileSync(join(folder, 'a'), 'old a')
        writeFileSync(join(folder, 'c'), 'old c')
        if (second === 'no links') faults.set('linkSync', { call: 1, code: 'EOPNOTSUPP' })
        faults.set(name, { call, code })
        expect(() => writeFiles(files(folder))).toThrow(`cannot write ${join(folder, 'abc'[call - 1]!)}`)
        faults.clear()
        const left = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])
        expect(left).toEqual([
          ['a', 'old a'],
          ['c', 'old c'],
        ])
        writeFiles(files(folder))
        expect(readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(
          files(folder).map(([, content]) => content),
        )
      }
})

it('tells a full disk and a folder that has vanished', () => {
  const folder = temporaryFolder()
  const write = () => writeFiles([[join(folder, 'a'), 'A']])
  for (const [code, why] of [
    ['ENOSPC', 'the disk is full (ENOSPC)'],
    ['EDQUOT', 'the quota of the disk is used up (EDQUOT)'],
  ] as const) {
    for (const [name, attempt] of [
      ['writeFileSync', write],
      ['mkdirSync', () => makeWritableFolder('--output x', join(folder, 'new'))],
    ] as const) {
      faults.set(name, { call: 1, code })
      expect(attempt).toThrow(expect.objectContaining({ message: expect.stringContaining(`${why}; make room`) }))
      faults.set(name, { call: 1, code })
      expect(attempt).not.toThrow(InputError)
      faults.clear()
    }
  }
  expect(readdirSync(folder)).toEqual([])
  expect(() => writeFiles([[join(folder, 'none', 'c'), 'C']])).toThrow(
    `cannot write ${join(folder, 'none', 'c')}: the folder ${join(folder, 'none')} is not there (any more)`,
  )
})

it('removes what killed processes left, and nothing of those that still write', () => {
  const folder = temporaryFolder()
  const names = ['results.json.0123456789ab.tmp', 'samples.jsonl.aaaaaaaaaaaa.tmp', 'own.tmp']
  for (const name of names) writeFileSync(join(folder, name), '')
  const twoHoursAgo = Date.now() / 1000 - 7200
  for (const name of [names[0]!, names[2]!]) utimesSync(join(folder, name), twoHoursAgo, twoHoursAgo)
  writeFiles([[join(folder, 'results.json'), '{}']])
  expect(readdirSync(folder).sort()).toEqual(['own.tmp', 'results.json', 'samples.jsonl.aaaaaaaaaaaa.tmp'])
})

it('says where nothing can be written', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  for (const folder of [file, join(file, 'below'), '/proc/saeval'])
    expect(() => makeWritableFolder('--output x', folder)).toThrow(/^--output x: cannot write into .* \(E[A-Z]+\)$/)
})
