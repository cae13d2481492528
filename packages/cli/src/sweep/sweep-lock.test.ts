import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { lockFolder } from './sweep-lock.js'

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

it('says what is in its way', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'sweep.lock'), '')
  expect(() => lockFolder(folder)).toThrow(/sweep\.lock cannot be made \(E\w+\); delete what is there/)
  expect(readdirSync(folder)).toEqual(['sweep.lock'])
})

it('gives a dead lock to one of several takers', async () => {
  const folder = ownedBy(4194305)
  const module = fileURLToPath(new URL('../../dist/sweep/sweep-lock.js', import.meta.url))
  // all start at the same moment and hold what they get until all have tried
  const script = `
    import { lockFolder } from ${JSON.stringify(module)}
    while (Date.now() < Number(process.argv[1]));
    try { lockFolder(process.argv[2]); console.log('got') } catch (error) { console.log(error.message) }
    setTimeout(() => {}, 3000)`
  const at = String(Date.now() + 1500)
  const takers = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, at, folder])
    return new Promise<string>((resolve) => {
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      child.on('close', () => resolve(text.trim()))
    })
  })
  const said = await Promise.all(takers)
  expect(said.filter((text) => text === 'got')).toHaveLength(1)
  expect(said.filter((text) => text.includes('is running a sweep'))).toHaveLength(3)
})
