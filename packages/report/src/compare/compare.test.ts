import { appendFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { writeRun } from '../results/fake-sweep.testing.js'
import { readRun } from '../results/read-run.js'
import { wilsonInterval } from '../statistics/interval.js'
import { compareWithBaseline, type MeasuredRun, measureRuns } from './compare.js'
import { keepRuns } from './kept-runs.js'

const base = { dogs: [1, 1, 1, 1, 1, 1, 1, 0], cats: [1, 0, 1, 0, 1, 0, 1, 0] }
const steered = { dogs: [0, 0, 0, 0, 0, 0, 0, 0], cats: [1, 0, 1, 0, 1, 0, 0, 0] }

async function twoRuns(edit: (path: string) => void = () => {}) {
  const paths = [base, steered].map((scores) => writeRun(temporaryFolder(), { pretrained: 'tiny' }, scores))
  edit(paths[1]!)
  return Promise.all(paths.map(readRun))
}

describe('compareWithBaseline', () => {
  it('tests accuracies document by document and corrects for all tests', async () => {
    const [before, after] = await twoRuns()
    const [[dogs, cats] = []] = await compareWithBaseline(before!, [after!])
    expect(dogs).toMatchObject({ task: 'dogs', metric: 'acc', filter: 'none', before: 0.875, after: 0 })
    expect(dogs!.paired).toMatchObject({ difference: -0.875, method: 'mcnemar', n: 8 })
    expect(dogs!.paired!.pValue).toBeCloseTo(2 / 128, 12)
    expect(dogs!.holm).toBeCloseTo(4 / 128, 12)
    expect(cats!.paired).toMatchObject({ difference: -0.125, pValue: 1 })
  })

  it('counts a group beside its tasks in no family, and says what guessing gives', async () => {
    const [before, after] = await twoRuns((path) => {
      const group = '"g": {"alias": "g", "sample_len": 16, "acc,none": 0.1875}, "dogs"'
      writeFileSync(path, readFileSync(path, 'utf8').replace('"dogs"', group).replace('{}', '{"g": ["dogs", "cats"]}'))
    })
    const union = { ...after!.scores.find(({ task }) => task === 'g')!, value: 11 / 16 }
    const base = { ...before!, scores: [...before!.scores, union] }
    const [[group, dogs] = []] = await compareWithBaseline(base, [after!])
    expect(group).toMatchObject({ task: 'g', isGroup: true, holm: null, paired: { n: 16, fallen: 8 } })
    expect(dogs!.holm).toBeCloseTo(4 / 128, 12)
    const { baseline, runs } = await measureRuns(base, [after!])
    expect(baseline.map(({ chance }) => chance)).toEqual([0.25, 0.25, 0.25])
    expect(runs[0]!.measures[0]).toMatchObject({ task: 'g', interval: wilsonInterval(3, 16) })
    expect(runs[0]!.comparisons![1]).toEqual(dogs)
    expect((await measureRuns(null, [after!])).runs[0]).toMatchObject({ comparisons: null, measures: { length: 3 } })
  })

  it('knows a level of guessing only of shares of single right choices', async () => {
    const chances = async (edit: (line: Record<string, unknown>) => object) => {
      const [run] = await twoRuns()
      const samples = run!.samples.get('dogs')!
      const lines = readFileSync(samples, 'utf8').trim().split('\n')
      const all = lines.map((line) => edit(JSON.parse(line)) as { acc: number })
      writeFileSync(samples, all.map((line) => JSON.stringify(line)).join('\n'))
      const value = all.reduce((sum, { acc }) => sum + acc, 0) / all.length
      const scores = run!.scores.map((score) => (score.task === 'dogs' ? { ...score, value } : score))
      return (await measureRuns(null, [{ ...run!, scores }])).runs[0]!.measures.map(({ chance }) => chance)
    }
    expect(await chances((line) => line)).toEqual([0.25, 0.25])
    // truthfulqa_mc2 calls the probability of what is true acc
    expect(await chances((line) => ({ ...line, acc: 0.25 }))).toEqual([null, 0.25])
    expect(await chances((line) => ({ ...line, acc: line.doc_id === 3 ? 0.5 : 1 }))).toEqual([null, 0.25])
    // as lm_eval writes several right choices
    expect(await chances((line) => ({ ...line, target: '[0, 2]' }))).toEqual([null, 0.25])
    // where another run tells that it is no share, all zeros are none either
    const [mass, zeros] = await twoRuns()
    const samples = mass!.samples.get('dogs')!
    writeFileSync(samples, readFileSync(samples, 'utf8').replaceAll(/"acc":[01]/g, '"acc":0.5'))
    const scores = mass!.scores.map((score) => (score.task === 'dogs' ? { ...score, value: 0.5 } : score))
    const { baseline, runs } = await measureRuns({ ...mass!, scores }, [zeros!])
    expect([baseline, runs[0]!.measures].map((list) => list.map(({ chance }) => chance))).toEqual([
      [null, 0.25],
      [null, 0.25],
    ])
  })

  it('reads what is kept no second time, and what has changed anew', async () => {
    const [before, after] = await twoRuns()
    const path = after!.samples.get('dogs')!
    const at = (seconds: number) => utimesSync(path, seconds, seconds)
    at(1000)
    const kept = keepRuns<MeasuredRun>(10)
    const first = await measureRuns(before!, [after!], kept)
    // other values in a file of the same size and time: they are not read
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"acc":[01]/g, '"acc":x'))
    at(1000)
    expect(await measureRuns(before!, [after!], kept)).toEqual(first)
    at(1001)
    await expect(measureRuns(before!, [after!], kept)).rejects.toThrow('is not a sample')
    // the correction is over the runs that are there now
    const third = await readRun(writeRun(temporaryFolder(), { csv_path: 'x' }, steered))
    const fresh = await measureRuns(before!, [third, third], keepRuns(10))
    const more = await measureRuns(before!, [third, third], kept)
    expect(more).toEqual(fresh)
    expect(more.runs[0]!.comparisons![0]!.holm).toBeGreaterThan(first.runs[0]!.comparisons![0]!.holm!)
  })

  it('has no test where a metric is not the mean of its documents', async () => {
    const [before, after] = await twoRuns((path) =>
      writeFileSync(path, readFileSync(path, 'utf8').replace('"acc,none":0,', '"acc,none":0.3,')),
    )
    const [[dogs] = []] = await compareWithBaseline(before!, [after!])
    expect(dogs).toMatchObject({ before: 0.875, after: 0.3, paired: null, unpaired: 'not a mean', holm: null })
  })

  it('keeps infinite values, and tests none of them', async () => {
    const [before, after] = await twoRuns((path) =>
      writeFileSync(path, readFileSync(path, 'utf8').replace('"acc,none":0,', '"acc,none":0,"ppl,none":-Infinity,')),
    )
    const infinite = { ...after!.scores.find(({ metric }) => metric === 'ppl')!, value: Number.POSITIVE_INFINITY }
    const base = { ...before!, scores: [...before!.scores, infinite] }
    const [list = []] = await compareWithBaseline(base, [after!])
    expect(list.find(({ metric }) => metric === 'ppl')).toMatchObject({
      before: Number.POSITIVE_INFINITY,
      after: Number.NEGATIVE_INFINITY,
      paired: null,
      unpaired: 'not finite',
    })
  })

  it('says so where the runs have different sets of documents, or no samples', async () => {
    const [before] = await twoRuns()
    const fewer = await readRun(writeRun(temporaryFolder(), {}, { dogs: steered.dogs.slice(0, 4) }))
    expect((await compareWithBaseline(before!, [fewer]))[0]![0]!.unpaired).toBe('different documents')
    const without = { ...fewer, samples: new Map<string, string>() }
    expect((await compareWithBaseline(before!, [without]))[0]![0]!.unpaired).toBe('no samples')
  })

  it('refuses runs on other documents', async () => {
    const [before, after] = await twoRuns((path) => {
      const samples = path.replace('results_', 'samples_dogs_').replace(/json$/, 'jsonl')
      writeFileSync(samples, readFileSync(samples, 'utf8').replace('"dogs3"', '"another"'))
    })
    await expect(compareWithBaseline(before!, [after!])).rejects.toThrow('document 3 of dogs is another one')
  })

  it('refuses runs without a common task', async () => {
    const [before] = await twoRuns()
    const other = await readRun(writeRun(temporaryFolder(), {}, { fish: [1, 0] }))
    await expect(compareWithBaseline(before!, [other])).rejects.toThrow('no task in common')
  })

  it('names the line of a damaged sample file', async () => {
    const [before, after] = await twoRuns((path) =>
      appendFileSync(join(path.replace('results_', 'samples_dogs_').replace(/json$/, 'jsonl')), '{"doc_id": 8'),
    )
    await expect(compareWithBaseline(before!, [after!])).rejects.toThrow(/samples_dogs_.*:9 is not a sample/)
  })
})
