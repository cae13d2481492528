import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { startFakeUploadHub } from '../../../hub/src/fake-upload-hub.testing.js'
import { runCommand } from '../run.testing.js'
import {
  card,
  cardCsv,
  changed,
  check,
  edit,
  flipByte,
  forgedCsv,
  make,
  makeDemoCard,
  results,
  resultsFile,
  samplesOf,
  setIn,
  withStatistics,
} from './card.testing.js'
import { hostileCards } from './hostile-cards.testing.js'

beforeAll(makeDemoCard)

describe('saeval card', () => {
  it('holds hashes and answers, and no text of prompts', () => {
    const [line] = readFileSync(join(card, samplesOf('demo_dogs')), 'utf8').split('\n')
    expect(Object.keys(JSON.parse(line!))).toEqual(
      ['doc_id', 'filter', 'doc_hash', 'prompt_hash', 'target_hash', 'metrics', 'requests_hash', 'arguments'].concat([
        'resps',
        'filtered_resps',
        'acc',
      ]),
    )
    expect(readFileSync(join(card, 'report.html'), 'utf8')).not.toContain('Question:')
    const page = readFileSync(join(card, 'README.md'), 'utf8')
    expect(page).toContain('### forget\\_dogs.csv')
    expect(page).toMatch(/\| demo\\_dogs \| acc \| 4 \| 1 \| .*−/)
    expect(page).toMatch(/\b\d+ checks passed, 0 failed/)
  })

  it('names no folder of this machine', () => {
    for (const name of readdirSync(card, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(json|md|html|csv)$/.test(name),
    ))
      expect(readFileSync(join(card, name), 'utf8')).not.toContain(process.cwd())
  })

  it('is checked anywhere, by random documents', async () => {
    const { code, stdout } = await check(card)
    expect(stdout).toContain('documents drawn by --seed 3, on cpu')
    expect(stdout.match(/\|ok +\|/g)).toHaveLength(4)
    expect(code).toBe(0)
  })

  it('holds hashes of texts alone where that is wanted', async () => {
    const folder = join(temporaryFolder(), 'card')
    expect((await make(results, '-o', folder, '--texts', 'none')).code).toBe(0)
    const text = readFileSync(join(folder, samplesOf('demo_stories', folder)), 'utf8')
    expect(text).toMatch(/"resps": \[\["sha256:[0-9a-f]{64}"\]\]/)
    // of a text that is written again here, the metrics are scored again too
    const samples = samplesOf('demo_stories', folder)
    edit(samples, /"exact_match": 0\.0/, '"exact_match": 1.0')(folder)
    edit(resultsFile(folder), /"exact_match,main_character": [\d.]+/, '"exact_match,main_character": 1.0')(folder)
    await withStatistics(folder)
    const { code, stdout } = await check(folder)
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('and its own answers score 0') })
  })

  it.each<[string, (folder: string) => void, string]>([
    ['a changed byte', flipByte(cardCsv), `${cardCsv} has other bytes: its SHA-256 is`],
    ['a longer file', edit('README.md', '# ', '# My '), 'README.md has '],
    ['a missing file', (folder) => rmSync(join(folder, 'verify.json')), 'verify.json is missing'],
    ['one file more', (folder) => writeFileSync(join(folder, 'files', 'x'), ''), '"files/x" is not in the manifest'],
    ['a link', (folder) => symlinkSync('/etc/passwd', join(folder, 'x')), '"x" is a link'],
  ])('%s is found and named', async (_, change, sentence) => {
    const { code, stdout, stderr } = await check(await changed(change, false))
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(sentence) })
    expect(stderr).toContain('is not as it says')
  })

  it.each<[string, (folder: string) => void | Promise<void>, string]>([
    ['another coefficient', edit(cardCsv, ',-20,', ',-2,'), 'forget_dogs.csv has SHA-256'],
    [
      'another coefficient, and its hash',
      forgedCsv(',-20,', ',-2,'),
      'forget_dogs.csv, demo_dogs: document 0: answer 1 has log-probability',
    ],
    [
      'another metric, and its statistics',
      (folder) => edit(samplesOf('demo_dogs'), /"acc": 0\.0/, '"acc": 1.0')(folder),
      "and the card's own samples give",
    ],
    [
      'samples beside those of the results',
      (folder) => {
        cpSync(join(folder, samplesOf('demo_dogs')), join(folder, 'files/true.jsonl'))
        setIn('settings.0.samples.demo_dogs', 'files/true.jsonl')(folder)
      },
      'forget_dogs.csv, demo_dogs: card.json names the samples files/true.jsonl, the results have results/',
    ],
    [
      'fewer tasks',
      setIn('run.tasks', ['demo_dogs']),
      'demo_stories is in the results, and no task that card.json asks',
    ],
    [
      'no document of a task',
      setIn('run.samples', { demo_dogs: [], demo_stories: [0] }),
      'demo_dogs: the card asks no document of it',
    ],
    ['other statistics', edit('statistics.json', /"value": 1\b/, '"value": 0.9'), 'unsteered.0.value is 0.9'],
    [
      'other weights',
      flipByte('files/examples/demo/model/model.safetensors'),
      'the model: model.safetensors is another file: SHA-256',
    ],
    ['another model by name', setIn('model.name', 'google/gemma-2-2b'), 'calls it google/gemma-2-2b, and none of its'],
    ['no file of an SAE', setIn('settings.0.saes', []), 'is read here, and is not in the card'],
    [
      'another SAE',
      flipByte('files/examples/demo/saes/layer_3/sae_weights.safetensors'),
      'forget_dogs.csv, SAE: layer_3/sae_weights.safetensors is another file',
    ],
  ])('%s is found, the manifest being made to fit', async (_, change, sentence) => {
    const { code, stdout } = await check(await changed(change))
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(sentence) })
  })

  it('results that are not what their samples give, and a document twice, are found', async () => {
    const folder = await changed(async (folder) => {
      edit(resultsFile(), /"acc,none": [\d.]+/, '"acc,none": 0.875')(folder)
      const path = join(folder, samplesOf('demo_stories'))
      writeFileSync(path, readFileSync(path, 'utf8').repeat(2))
      await withStatistics(folder)
    })
    const { code, stdout } = await check(folder)
    expect(code).toBe(1)
    expect(stdout).toContain("demo_dogs, acc,none: the results say 0.875, and the card's own samples give 0")
    expect(stdout).toContain("demo_stories: document 0 has a line more in the card's samples than was asked")
    expect(stdout.split('\n')).toHaveLength(4)
  })

  it('answers, texts and documents that are others are found, the manifest being made to fit', async () => {
    const folder = await changed((folder) => {
      edit(samplesOf('demo_dogs'), /"resps": \[\[\["-(\d)/, '"resps": [[["-1$1')(folder)
      edit(samplesOf('demo_stories'), '"resps": [[" ', '"resps": [[" The ')(folder)
      edit('files/examples/demo/tasks/dogs.jsonl', /(\n.*?)\?/, '$1 then?')(folder)
    })
    const { code, stdout } = await check(folder)
    expect(code).toBe(1)
    expect(stdout).toContain('forget_dogs.csv, demo_dogs: document 0: answer 1 has log-probability -1')
    expect(stdout).toContain('forget_dogs.csv, demo_stories: document 0: text 1 is " The ')
    expect(stdout).toContain('unsteered, demo_dogs: document 1 is another one here: doc_hash differs')
  })

  it.each(hostileCards)('%s ends in one sentence', async (_, change, sentence) => {
    const { code, stdout, stderr } = await check(await changed(change))
    expect(code).toBeGreaterThan(0)
    expect(stdout + stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  it('a manifest cannot name what is outside', async () => {
    const folder = await changed((folder) => {
      edit('manifest.json', '"README.md"', '"../README.md"')(folder)
    }, false)
    const { code, stderr } = await check(folder)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('names a file that no card can hold: "../README.md"'),
    })
  })

  it('runs code of its tasks where the reader wants that alone', async () => {
    const folder = await changed(
      edit('files/examples/demo/tasks/demo_dogs.yaml', 'task: demo_dogs', 'unsafe_code: true\ntask: demo_dogs'),
    )
    const { code, stderr } = await check(folder)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('--confirm_run_unsafe_code says that this is wanted'),
    })
    expect((await check(folder, '--confirm_run_unsafe_code')).code).toBe(0)
  })

  it('takes the place of a folder that it does not hold', async () => {
    const folder = await changed((folder) => {
      rmSync(join(folder, 'files/examples/demo/model'), { recursive: true })
      setIn('folders.examples/demo/model', null)(folder)
    })
    expect((await check(folder)).stderr).toContain('say where they are by --place examples/demo/model=FOLDER')
    expect((await check(folder, '--place', 'examples/demo/model=examples/demo/model')).code).toBe(0)
    expect((await check(folder, '--place', 'other=examples/demo/model')).stderr).toContain('names no such folder')
  })
})

describe('saeval card refuses', () => {
  const here = () => join(temporaryFolder(), 'card')
  /** A copy of the results, with changes of the text of the steered or the unsteered run's file; null takes it away. */
  const copied = (which: 'steered' | 'unsteered', change: ((text: string) => string) | null) => {
    const out = join(temporaryFolder(), 'results')
    cpSync(results, out, { recursive: true })
    const own = join(out, readdirSync(out)[0]!)
    for (const name of readdirSync(own).filter((file) => file.startsWith('results_'))) {
      const text = readFileSync(join(own, name), 'utf8')
      if (text.includes('"csv_sha256"') !== (which === 'steered')) continue
      if (change === null) rmSync(join(own, name))
      else writeFileSync(join(own, name), change(text))
    }
    return out
  }

  it.each<[string, () => string[], string]>([
    ['a folder that is there', () => [results, '-o', card], 'is there already'],
    ['no folder', () => [results], '--output is missing'],
    ['--public alone', () => [results, '-o', here(), '--public'], 'give --push too'],
    [
      'results without the unsteered model',
      () => [copied('unsteered', null), '-o', here()],
      'holds no results of the unsteered model',
    ],
    [
      'edits that are others now',
      () => [copied('steered', (text) => text.replace(/"csv_sha256": "../, '"csv_sha256": "00')), '-o', here()],
      'forget_dogs.csv is another file now',
    ],
    [
      'runs that were asked other things',
      () => [copied('unsteered', (text) => text.replace('-b auto', '-b auto -f 1')), '-o', here()],
      'were made with another --num_fewshot',
    ],
    [
      'results of another command',
      () => [copied('steered', (text) => text.replace('"saeval run', '"saeval search')), '-o', here()],
      'the results were made by "saeval search"',
    ],
    [
      'results of another program',
      () => [copied('steered', (text) => text.replace('"command": "saeval', '"was": "saeval')), '-o', here()],
      'only results of saeval can be put on a card',
    ],
  ])('%s', async (_, words, sentence) => {
    const given = words()
    const { code, stderr } = await make(...given)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(sentence) })
    if (given[2] !== undefined && given[2] !== card) expect(existsSync(given[2])).toBe(false)
  })

  it('a secret, and leaves nothing behind', async () => {
    const token = `hf_${'a1B2'.repeat(9)}`
    const out = copied('steered', (text) => text.replace('"git_hash"', `"note": "see ${token} there", "git_hash"`))
    const folder = join(out, '..', 'card')
    const { code, stderr } = await make(out, '-o', folder)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('would hold a token of the Hugging Face Hub'),
    })
    expect(stderr).not.toContain(token)
    expect(readdirSync(join(out, '..'))).toEqual(['results'])
  })
})

it('a card that is there is pushed, to a private repository where that is made', async () => {
  const hub = await startFakeUploadHub('hf_secretsecret')
  const push = (...words: string[]) =>
    runCommand(['card', card, '--push', ...words], {
      ...{ HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '', HF_HOME: temporaryFolder(), HF_TOKEN: 'hf_secretsecret' },
    })
  try {
    const said = 'pushed to me/dogs: "saeval check me/dogs" checks it\n'
    expect(await push('me/dogs')).toMatchObject({ code: 0, stdout: said })
    expect((await push('me/open', '--public')).code).toBe(0)
    expect(['me/dogs', 'me/open'].map((name) => hub.repositories.get(name)!.isPrivate)).toEqual([true, false])
    expect((await push('dogs')).stderr).toContain('is not a repository name like owner/name')
  } finally {
    await hub.close()
  }
})
