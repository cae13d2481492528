import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath, needsFixture, temporaryFolder } from '../../../../tests/fixtures.js'
import { fakeSweep, writeRun } from './fake-sweep.testing.js'
import { readExperiment } from './read-experiment.js'
import { readSamples, type Sample } from './read-samples.js'

describe('readExperiment', () => {
  it('reads a sweep folder by its sweep.json', async () => {
    const { baseline, runs, command, missing } = await readExperiment(fakeSweep([-10, 10]))
    expect(baseline?.label).toBe('unsteered')
    expect(runs.map(({ label }) => label)).toEqual([
      'coefficient −10, latent 7',
      'coefficient 10, latent 7',
      'coefficient −10, latent 11',
      'coefficient 10, latent 11',
    ])
    expect(command).toContain('saeval sweep')
    expect(missing).toBe(0)
  })

  it('reads a folder of runs; the unsteered one is the baseline', async () => {
    const folder = temporaryFolder()
    writeRun(join(folder, 'plain'), { pretrained: 'tiny' }, { dogs: [1, 1] })
    writeRun(join(folder, 'a'), { base_name: 'tiny', csv_path: 'a.csv' }, { dogs: [0, 1] })
    writeRun(join(folder, 'b'), { base_name: 'tiny', csv_path: 'b.csv' }, { dogs: [0, 0] })
    const { baseline, runs } = await readExperiment(folder)
    expect(baseline?.results.modelArgs).toEqual({ pretrained: 'tiny' })
    expect(runs.map(({ parameters }) => parameters)).toEqual([{ csv: 'a.csv' }, { csv: 'b.csv' }])
  })

  it('tells runs of one file apart by the arguments of their models', async () => {
    const folder = temporaryFolder()
    const vectors = { pretrained: 'tiny', steer_path: 'v.gguf' }
    writeRun(join(folder, 'a'), vectors, { dogs: [0, 1] })
    writeRun(join(folder, 'b'), { ...vectors, scale: 2 }, { dogs: [0, 0] })
    writeRun(join(folder, 'c'), { ...vectors, scale: 2, positions: 'prompt' }, { dogs: [0, 0] })
    const { runs } = await readExperiment(folder)
    expect(runs.map(({ label }) => label)).toEqual(['scale 1', 'scale 2', 'scale 2, positions prompt'])
  })

  it('reads tasks of a cell from several files', async () => {
    const folder = temporaryFolder()
    const cell = join(folder, 'cells', 'a')
    const steered = { base_name: 'tiny', csv_path: 'a.csv' }
    const file = (path: string) => path.slice(cell.length + 1)
    const both = file(writeRun(cell, steered, { dogs: [1, 1], cats: [0, 1] }))
    const later = file(writeRun(cell, steered, { birds: [0, 0] }, '2026-01-03T03-04-05.000006'))
    const results = { birds: `cells/a/${later}`, dogs: `cells/a/${both}` }
    const sweep = (tasks: string[]) =>
      JSON.stringify({
        tasks,
        command: 'saeval sweep',
        baseline: { parameters: {}, results: {} },
        cells: [{ parameters: {}, results }],
      })
    writeFileSync(join(folder, 'sweep.json'), sweep(['birds', 'dogs']))
    const { runs, missing } = await readExperiment(folder)
    expect(runs[0]!.results.scores.map(({ task }) => task)).toEqual(['birds', 'dogs'])
    expect([...runs[0]!.results.samples.keys()]).toEqual(['birds', 'dogs'])
    expect(missing).toBe(0)
    writeFileSync(join(folder, 'sweep.json'), sweep(['dogs', 'fish']))
    const other = await readExperiment(folder)
    expect([other.missing, ...other.runs[0]!.results.scores.map(({ task }) => task)]).toEqual([1, 'dogs'])

    const parts = [
      { task: 'dogs', results: both },
      { task: 'birds', results: later },
    ]
    writeFileSync(join(cell, 'cell.json'), JSON.stringify(parts))
    const own = await readExperiment(cell)
    expect(own.runs.map((run) => run.results.scores.map(({ task }) => task))).toEqual([['dogs', 'birds']])
    for (const damaged of ['{', '{}', '[1]', '[]']) {
      writeFileSync(join(cell, 'cell.json'), damaged)
      await expect(readExperiment(cell)).rejects.toThrow('cell.json')
    }
  })

  it('says what is missing', async () => {
    const folder = temporaryFolder()
    await expect(readExperiment(folder)).rejects.toThrow('holds no results')
    await expect(readExperiment(join(folder, 'nowhere'))).rejects.toThrow('no such file or folder')
    for (const damaged of [
      '[',
      '{}',
      '{"cells": [1], "baseline": {}}',
      '{"cells": [], "baseline": {"parameters": {}}}',
    ]) {
      writeFileSync(join(folder, 'sweep.json'), damaged)
      await expect(readExperiment(folder)).rejects.toThrow('is not a sweep file')
    }
    writeFileSync(join(folder, 'other.json'), '{}')
    await expect(readExperiment(join(folder, 'other.json'))).rejects.toThrow('it has no "results"')
  })

  it('reads what lm_eval itself wrote', needsFixture('golden/eval/gsm8k-gpt2'), async () => {
    const { baseline } = await readExperiment(fixturePath('golden/eval/gsm8k-gpt2'))
    expect(baseline?.results.scores.map(({ metric, filter }) => `${metric},${filter}`)).toEqual([
      'exact_match,strict-match',
      'exact_match,flexible-extract',
    ])
    const [path] = baseline!.results.samples.values()
    const samples: Sample[] = []
    for await (const sample of readSamples(path!)) samples.push(sample)
    expect(samples[0]).toMatchObject({ docId: 0, choices: [], logprobs: null })
    expect(samples[0]!.answer).not.toBe('')
  })
})
