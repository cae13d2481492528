import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { lockFolder } from './sweep-lock.js'

/** What others do right after this process has read who owns the lock. */
const others = vi.hoisted(() => ({ act: () => {} }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const readdirSync = (path: string) => {
    const names = fs.readdirSync(path)
    others.act()
    return names
  }
  return { ...fs, readdirSync }
})

const ownedBy = (pid: number) => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'sweep.lock'))
  writeFileSync(join(folder, 'sweep.lock', `${pid}-x`), '')
  return folder
}

it('lets one in at a time', () => {
  const folder = temporaryFolder()
  const unlock = lockFolder(folder)
  expect(() => lockFolder(folder)).toThrow(`process ${process.pid} is running a sweep in this folder`)
  expect(readdirSync(folder)).toEqual(['sweep.lock'])
  unlock()
  expect(readdirSync(folder)).toEqual([])
  lockFolder(folder)()
})

it('waits for the living and takes over from the dead', () => {
  const living = ownedBy(process.ppid)
  expect(() => lockFolder(living)).toThrow(`process ${process.ppid} is running a sweep`)
  // process numbers end at 2^22; a container gives every process the same one
  for (const pid of [4194305, process.pid]) {
    const folder = ownedBy(pid)
    lockFolder(folder)()
    expect(readdirSync(folder)).toEqual([])
  }
  const empty = temporaryFolder()
  mkdirSync(join(empty, 'sweep.lock'))
  lockFolder(empty)()
  expect(existsSync(join(empty, 'sweep.lock'))).toBe(false)
})

it('leaves the lock of one that took over meanwhile', () => {
  const folder = ownedBy(4194305)
  const lock = join(folder, 'sweep.lock')
  const living = `${process.ppid}-y`
  others.act = () => {
    rmSync(join(lock, '4194305-x'), { force: true })
    writeFileSync(join(lock, living), '')
  }
  try {
    expect(() => lockFolder(folder)).toThrow(`process ${process.ppid} is running a sweep`)
  } finally {
    others.act = () => {}
  }
  expect(readdirSync(lock)).toEqual([living])
  expect(readdirSync(folder)).toEqual(['sweep.lock'])
})

it('says what is in its way', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'sweep.lock'), '')
  expect(() => lockFolder(folder)).toThrow(/sweep\.lock cannot be made \(E\w+\); delete what is there/)
  expect(readdirSync(folder)).toEqual(['sweep.lock'])
})

it('gives each of many dead locks to one of several takers', async () => {
  const folders = Array.from({ length: 50 }, () => ownedBy(4194305))
  const module = fileURLToPath(new URL('../dist/sweep-lock.js', import.meta.url))
  // all start at the same moment and hold what they get until all have tried
  const script = `
    import { lockFolder } from ${JSON.stringify(module)}
    while (Date.now() < Number(process.argv[1]));
    const tried = process.argv.slice(2).map((folder) => {
      try { lockFolder(folder); return 'got' } catch (error) { return error.message }
    })
    console.log(JSON.stringify(tried))
    setTimeout(() => {}, 4000)`
  const at = String(Date.now() + 1500)
  const takers = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, at, ...folders])
    return new Promise<string[]>((resolve) => {
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      child.on('close', () => resolve(JSON.parse(text)))
    })
  })
  const said = await Promise.all(takers)
  for (const index of folders.keys()) {
    const answers = said.map((tried) => tried[index]!).sort()
    expect(answers[0]).toBe('got')
    for (const answer of answers.slice(1)) expect(answer).toContain('is running a sweep')
  }
})
