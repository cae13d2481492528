import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SweepFile } from '@saeval/report/internal/results/sweep-file'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import type { Fingerprint } from './sweep-fingerprint.js'
import { openSweepStore, type SweepStore } from './sweep-store.js'

const cell = (coefficient: number, id = `coefficient=${coefficient}`) => ({
  id,
  parameters: { coefficient },
  csv: `latent_idx\n${coefficient}\n`,
  source: { path: 'steer.csv', lines: [2] },
  addsNothing: false,
})
const options = (folder: string, coefficients = [1, 2], tasks = ['dogs']) => ({
  folder,
  saeval: '1.0.0',
  command: 'saeval sweep',
  tasks,
  cells: coefficients.map((coefficient) => cell(coefficient)),
})
const print = (edits: string, task = 'dogs', model = 'm', asked = 'a', plugins = ''): Fingerprint => ({
  task,
  model,
  edits,
  asked,
  plugins,
})

/** Enters every cell with its id as its edits. */
function entered(given: ReturnType<typeof options>) {
  const store = openSweepStore(given)
  for (const id of ['baseline', ...given.cells.map((each) => each.id)])
    store.enter(
      id,
      given.tasks.map((task) => print(id, task)),
    )
  return { store, missing: store.begin() }
}

function run(store: SweepStore, id: string, ...tasks: string[]): void {
  const file = join(store.cellFolder(id), `results_${tasks.join('_')}.json`)
  writeFileSync(file, '{}')
  store.finish(id, tasks, file)
}

const sweepOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8')) as SweepFile

describe('openSweepStore', () => {
  it('knows what is missing, also when it is opened again', () => {
    const folder = join(temporaryFolder(), 'sweep')
    const { store, missing } = entered(options(folder))
    expect(missing.map(({ id }) => id)).toEqual(['baseline', 'coefficient=1', 'coefficient=2'])
    expect(readFileSync(join(store.cellFolder('coefficient=2'), 'steer.csv'), 'utf8')).toBe('latent_idx\n2\n')
    for (const id of ['baseline', 'coefficient=1']) run(store, id, 'dogs')
    expect(sweepOf(folder).cells.map(({ results }) => results)).toEqual([
      { dogs: 'cells/coefficient=1/results_dogs.json' },
      {},
    ])
    // sweep.json only says what was asked for
    writeFileSync(join(folder, 'sweep.json'), '{')
    const again = entered(options(folder))
    expect(again.missing.map(({ id }) => id)).toEqual(['coefficient=2'])
    rmSync(join(folder, 'cells/coefficient=1/results_dogs.json'))
    const third = entered(options(folder))
    expect(third.missing.map(({ id }) => id)).toEqual(['coefficient=1', 'coefficient=2'])
  })

  it('grows and shrinks', () => {
    const folder = temporaryFolder()
    const { store } = entered(options(folder))
    for (const id of ['baseline', 'coefficient=1', 'coefficient=2']) run(store, id, 'dogs')
    const { store: more, missing } = entered(options(folder, [2, 3], ['cats', 'dogs']))
    expect(missing).toEqual([
      { id: 'baseline', parameters: {}, tasks: ['cats'] },
      { id: 'coefficient=2', parameters: { coefficient: 2 }, tasks: ['cats'] },
      { id: 'coefficient=3', parameters: { coefficient: 3 }, tasks: ['cats', 'dogs'] },
    ])
    run(more, 'coefficient=2', 'cats')
    expect(sweepOf(folder)).toMatchObject({
      tasks: ['cats', 'dogs'],
      cells: [
        {
          id: 'coefficient=2',
          results: { cats: 'cells/coefficient=2/results_cats.json', dogs: 'cells/coefficient=2/results_dogs.json' },
        },
        { id: 'coefficient=3', results: {} },
      ],
    })
    const back = entered(options(folder, [1]))
    expect(back.missing).toEqual([])
  })

  it('gives what it has run itself where another sweep of the folder has written down its own', () => {
    const folder = temporaryFolder()
    const { store } = entered(options(folder, [1]))
    const { store: other } = entered(options(folder, [2]))
    for (const id of ['baseline', 'coefficient=1']) run(store, id, 'dogs')
    const own = store.end()
    run(other, 'coefficient=2', 'dogs')
    other.end()
    expect(own.cells.map(({ id }) => id)).toEqual(['coefficient=1'])
    expect(sweepOf(folder).cells.map(({ id }) => id)).toEqual(['coefficient=2'])
    // what both share counts in both
    expect(sweepOf(folder).baseline).toEqual(own.baseline)
  })

  it('takes what was decided by the same from a cell of another name', () => {
    const folder = temporaryFolder()
    const { store } = entered(options(folder, [1]))
    for (const id of ['baseline', 'coefficient=1']) run(store, id, 'dogs')
    const renamed = openSweepStore({ ...options(folder), cells: [cell(1, 'action=add,coefficient=1')] })
    expect(renamed.enter('baseline', [print('baseline')])).toEqual([])
    expect(renamed.enter('action=add,coefficient=1', [print('coefficient=1')])).toEqual([])
    expect(renamed.begin()).toEqual([])
    expect(sweepOf(folder).cells[0]!.results).toEqual({ dogs: 'cells/coefficient=1/results_dogs.json' })
  })

  it('refuses a folder that cannot be made', () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    for (const folder of [file, join(file, 'sweep'), '/proc/saeval-sweep'])
      expect(() => openSweepStore(options(folder))).toThrow(`\`output_path\` ${folder}: cannot write into ${folder}`)
  })

  it.each<[string, Fingerprint, string]>([
    ['model', print('coefficient=1', 'dogs', 'other'), 'another model'],
    ['edits', print('other'), 'other edits'],
    ['task', print('coefficient=1', 'dogs', 'm', 'other'), 'dogs with other documents, prompts'],
  ])('refuses a cell whose %s has changed', (_, changed, message) => {
    const folder = temporaryFolder()
    const { store } = entered(options(folder))
    run(store, 'coefficient=1', 'dogs')
    const again = openSweepStore(options(folder))
    expect(() => again.enter('coefficient=1', [changed])).toThrow(
      `${join(folder, 'cells', 'coefficient=1')} holds results of ${message}`,
    )
    // one that has not run may change
    expect(again.enter('coefficient=2', [changed])).toEqual(['dogs'])
  })

  it('runs a cell anew whose results are of other code of plug-ins', () => {
    const folder = temporaryFolder()
    const { store } = entered(options(folder))
    for (const id of ['baseline', 'coefficient=1']) run(store, id, 'dogs')
    const renew = (code: string) => {
      const again = openSweepStore(options(folder))
      const wanted = ['baseline', 'coefficient=1', 'coefficient=2'].map((id) =>
        again.enter(id, [print(id, 'dogs', 'm', 'a', code)]),
      )
      return { again, wanted }
    }
    const { again, wanted } = renew('other')
    expect(wanted).toEqual([['dogs'], ['dogs'], ['dogs']])
    expect([...again.renewed]).toEqual(['baseline', 'coefficient=1'])
    again.begin()
    run(again, 'coefficient=1', 'dogs')
    const third = renew('other')
    expect(third.wanted).toEqual([['dogs'], [], ['dogs']])
    expect([...third.again.renewed]).toEqual(['baseline'])
    // the other results of the cell are gone from the record
    const back = renew('')
    expect(back.wanted).toEqual([[], ['dogs'], ['dogs']])
  })

  it('refuses a finished cell with another CSV and leaves that CSV alone, and one that is damaged', () => {
    const folder = temporaryFolder()
    const { store } = entered(options(folder))
    run(store, 'coefficient=1', 'dogs')
    const csv = join(folder, 'cells', 'coefficient=1', 'steer.csv')
    const cells = [{ ...cell(1), csv: 'latent_idx\n7\n' }]
    expect(() => openSweepStore({ ...options(folder), cells })).toThrow('holds results of another steering CSV')
    expect(readFileSync(csv, 'utf8')).toBe('latent_idx\n1\n')
    for (const damaged of ['{', 'null', '[null]', '[{"task": "dogs", "results": "a.json", "model": 1}]']) {
      writeFileSync(join(folder, 'cells', 'coefficient=1', 'cell.json'), damaged)
      expect(() => openSweepStore(options(folder))).toThrow('cell.json is damaged')
    }
  })
})
