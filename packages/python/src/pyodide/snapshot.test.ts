import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { clearKeptStarts, keepSnapshot, listKeptStarts } from './snapshot.js'
import { taskFunctions } from './task-functions.js'
import { root, written } from './task-python.testing.js'

process.env.SAEVAL_TEST_TOKEN = 'hf_secretOfTheTest'
const env = { SAEVAL_CACHE: join(temporaryFolder(), 'cache') }

/** Python with this cache for as long as `work` takes. */
async function withPython<Result>(
  work: (value: (code: string) => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const python = taskFunctions([root], { env })
  try {
    return await work(async (code) => (await python.resolve(written(code), 'samples')).call([]))
  } finally {
    await python.close()
  }
}

const random = 'import random\ndef f(): return random.random()'
/** What no function of a task can reach. */
const walls = [
  ['JavaScript', 'import js'],
  ['Pyodide', 'from pyodide.code import run_js'],
  ['native code', 'import ctypes'],
  ['files', 'open("/etc/passwd")'],
  ['its own files', 'open(__file__, "w")'],
  ['processes', 'import os; os.system("true")'],
  ['more processes', 'import subprocess; subprocess.run(["true"])'],
  ['the network', 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:9/")'],
  ['sockets', 'import socket; socket.create_connection(("127.0.0.1", 9))'],
  ['host variables', 'import os; os.environ["NODE_OPTIONS"]'],
] as const

async function expectWalls(value: (code: string) => Promise<unknown>): Promise<void> {
  for (const [what, code] of walls) await expect(value(`def f():\n    ${code}\n    return 1`), what).rejects.toThrow()
}

describe('a kept start of Python', () => {
  it('is made by the first start, also where it was damaged, and holds nothing of the environment', async () => {
    const { path } = await withPython(async (value) => {
      expect(await value('def f(): return 1')).toBe(1)
      await expectWalls(value)
      return listKeptStarts(env)[0]!
    })
    const bytes = readFileSync(path)
    for (const secret of ['hf_secretOfTheTest', process.cwd(), root]) expect(bytes.includes(secret), secret).toBe(false)
    const damaged = Buffer.from(bytes)
    damaged[bytes.length >> 1]! ^= 1
    writeFileSync(path, damaged)
    expect(await withPython((value) => value('def f(): return 2'))).toBe(2)
    expect(readFileSync(path).equals(damaged)).toBe(false)
    expect(readdirSync(dirname(path))).toHaveLength(1)
  })

  it('gives the same Python behind the same walls, and random numbers of its own', async () => {
    const { path } = listKeptStarts(env)[0]!
    const file = () => [statSync(path).ino, statSync(path).mtimeMs]
    const before = file()
    const numbers: unknown[] = []
    for (let time = 0; time < 2; time++)
      await withPython(async (value) => {
        numbers.push(await value(random))
        expect(
          await value(
            'import numpy as np\nimport datasets\nimport sklearn.metrics\ndef f(): return [int(np.sum([1, 2])), __file__[:7]]',
          ),
        ).toEqual([3, '/tasks/'])
        if (time === 1) await expectWalls(value)
      })
    expect(numbers[0]).not.toEqual(numbers[1])
    // a start that was not from the kept memory would have written it anew
    expect(file()).toEqual(before)
    expect(clearKeptStarts(env)).toHaveLength(1)
    expect(listKeptStarts(env)).toEqual([])
  })

  it('is not needed: where it cannot be written nothing is said', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    keepSnapshot(join(folder, 'file', 'python', 'a.snapshot'), new Uint8Array(8))
    keepSnapshot('/proc/saeval/python/a.snapshot', new Uint8Array(8))
    mkdirSync(join(folder, 'taken.snapshot'))
    keepSnapshot(join(folder, 'taken.snapshot'), new Uint8Array(8))
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken.snapshot'])
  })
})

it('a Python that is still starting is ended at once', async () => {
  const python = taskFunctions([root], { env: { SAEVAL_CACHE: 'off' } })
  const asked = python.resolve(written('def f(): return 1'), 'samples')
  const ended = expect(asked).rejects.toThrow('Python was stopped')
  await new Promise((done) => void setTimeout(done, 100))
  await python.close()
  await ended
})
