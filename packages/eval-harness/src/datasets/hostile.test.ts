import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { InputError } from '@saeval/hub'
import type { PyValue } from '@saeval/python/internal/values/value'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { loadDataset } from './load-dataset.js'
import { pageSums } from './parquet/page-headers.js'

/** What a file with these contents ends in: its rows, or the error. */
async function outcome(
  name: string,
  contents: string | Uint8Array,
  path = 'json',
  kwargs: Record<string, PyValue> = {},
) {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), contents)
  return read(path, { data_files: name, ...kwargs }, folder)
}

async function read(path: string, kwargs: Record<string, PyValue>, folder: string): Promise<unknown> {
  try {
    const dataset = await loadDataset({ path, name: null, kwargs: new Map(Object.entries(kwargs)), folder })
    return await (await dataset.split('train')).rows()
  } catch (error) {
    expect(InputError.isInstance(error)).toBe(true)
    return (error as Error).message
  }
}

/** A zstd frame of blocks that each stand for 131,071 newlines. */
function zstdOfNewlines(blocks: number, window = 0x38): Uint8Array {
  const block = (last: boolean) => {
    const head = Number(last) | 2 | (131_071 << 3)
    return [head & 255, (head >> 8) & 255, (head >> 16) & 255, 10]
  }
  const all = Array.from({ length: blocks }, (_, index) => block(index === blocks - 1))
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, window, ...all.flat()])
}

const much = /^\S+ unpacks to more than 100 times its size; where that is meant unpack it yourself/

describe('files that become far more than they are', () => {
  const newlines = Buffer.alloc(2 ** 25, '\n')

  it.each([
    ['a.jsonl.gz', gzipSync(newlines)],
    ['a.zip', zipSync({ 'a.jsonl': newlines })],
    ['a.txt.zst', zstdOfNewlines(200)],
    ['a.jsonl.zst', zstdOfNewlines(1, 0xff)],
  ])('%s', async (name, contents) => {
    expect(await outcome(name, contents)).toMatch(much)
  })

  it('small ones are read', async () => {
    expect(await outcome('a.txt.zst', zstdOfNewlines(1), 'text')).toHaveLength(131_071)
  })
})

it.each<[string, (path: string) => void]>([
  ['a pipe', (path) => execFileSync('mkfifo', [path])],
  ['a folder', (path) => mkdirSync(path)],
])('%s is no data file', async (_, make) => {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  make(join(folder, 'a.jsonl'))
  expect(await read('json', { data_files: 'a.jsonl' }, folder)).toBe(
    'a.jsonl is not a regular file; data is read from files',
  )
  expect(await read('text', { data_files: '/dev/zero' }, folder)).toBe(
    '/dev/zero is not a regular file; data is read from files',
  )
})

describe('damaged parquet', () => {
  it('ends in rows or a sentence, wherever the damage is', async () => {
    const goldens = readFileSync(
      new URL('../../../../tools/dataset-rows/golden/parquet.jsonl', import.meta.url),
      'utf8',
    )
    const whole = goldens
      .split('\n')
      .slice(0, 12)
      .map((line) => {
        const { files } = JSON.parse(line) as { files: Record<string, string[]> }
        return Buffer.from(Object.values(files)[0]![0]!, 'base64')
      })
    const found: unknown[] = []
    for (const bytes of whole)
      for (const share of [0.05, 0.2, 0.5, 0.7, 0.9])
        for (const value of [0, 255]) {
          const damaged = Buffer.from(bytes)
          damaged[Math.floor(share * bytes.length)] = value
          found.push(await outcome('a.parquet', damaged, 'parquet'))
        }
    const sentences = found.filter((one): one is string => typeof one === 'string')
    expect(sentences.length).toBeGreaterThan(20)
    for (const sentence of new Set(sentences))
      expect(sentence).toMatch(/^a\.parquet( is damaged, or no parquet file; download it again$|, column \S+: )/)
  })

  // type, sizes unpacked and packed, then a struct with the number of values, and ends
  const page = (type: number, unpacked: number, packed: number, field: number, values: number) => [
    ...[0x15, 2 * type, 0x15, 2 * unpacked, 0x15, ...(packed < 0 ? [-2 * packed - 1] : [2 * packed])],
    ...[((field - 3) << 4) | 12, 0x15, 2 * values, 0, 0],
    ...new Array(Math.max(0, packed)).fill(7),
  ]
  const sums = (...bytes: number[][]) => pageSums(new DataView(Uint8Array.from(bytes.flat()).buffer))

  it('is not read past what its pages say', () => {
    expect(sums(page(2, 30, 4, 7, 3), page(0, 20, 2, 5, 9), page(3, 5, 1, 8, 1))).toEqual({ values: 10, bytes: 55 })
    for (const wrong of [page(0, 20, 2, 5, 9).slice(0, -1), page(0, 20, -9, 5, 9), page(2, 3, 4, 7, 40)])
      expect(() => sums(wrong)).toThrow('a page that cannot be')
    expect(() => sums([0x15, 0xff, 0xff])).toThrow(RangeError)
  })
})

it.each([
  ['deep', `{"a": ${'['.repeat(3000)}${']'.repeat(3000)}}\n{"a": 1}\n`],
  ['very deep', `{"a":${'['.repeat(100_000)}`],
  ['deep objects', '{"a":'.repeat(50_000)],
])('%s JSON ends in a sentence', async (_, json) => {
  const found = await outcome('a.jsonl', json)
  if (typeof found === 'string')
    expect(found).toMatch(/^a\.jsonl(:1)?(: not valid JSON: its values are nested too deeply|, column a)/)
})

it('long blanks and texts are read in a time that grows as they do', async () => {
  expect(await outcome('a.csv', `a\n${' '.repeat(200_000)}x\n`, 'csv')).toHaveLength(1)
  expect(await outcome('a.jsonl', `{"a": "${'x'.repeat(12_000_000)}"}`)).toHaveLength(1)
})

describe('tables of many columns', () => {
  it('have a name for each', async () => {
    const columns = 5000
    const rows = (await outcome('a.csv', `${'a,'.repeat(columns)}\n${'1,'.repeat(columns)}`, 'csv')) as readonly Map<
      string,
      PyValue
    >[]
    expect([...rows[0]!.keys()].slice(0, 3)).toEqual(['a', 'a.1', 'a.2'])
    expect(rows[0]!.size).toBe(columns + 1)
  })

  it('are not read beyond a hundred thousand, nor listed', async () => {
    expect(await outcome('a.csv', 'a,'.repeat(100_000), 'csv')).toMatch(
      /has 100001 columns; more than 100000 are not read/,
    )
    const wide = (prefix: string) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [prefix + i, 1])))
    const folder = temporaryFolder()
    mkdirSync(folder, { recursive: true })
    for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.jsonl`), wide(name.repeat(200)))
    const sentence = String(await read('json', { data_files: ['a.jsonl', 'b.jsonl'] }, folder))
    expect(sentence).toMatch(/a…, … \(500 in all\), which its first rows or its card tell$/)
    expect(sentence.length).toBeLessThan(6000)
  })
})

it.each<[Record<string, PyValue>, string]>([
  [{ encoding: 8 }, 'dataset_kwargs.encoding of dataset json is a int, expected a text'],
  [
    { encoding: 'constructor' },
    'a.jsonl: the encoding constructor is not supported (utf-8, latin-1, ascii, cp1252 and utf-16 are)',
  ],
  [{ field: ['a'] }, 'dataset_kwargs.field of dataset json is a list, expected a text'],
  [{ data_files: [new Map([['path', 'a.jsonl']])] }, 'data_files has an entry whose split is not a text'],
  [{ data_files: new Map([['train', [1]]]) }, 'data_files of split train names something that is not a file'],
  [{ __proto__x: 1 }, 'dataset_kwargs.__proto__x of dataset json is not supported'],
  [
    { constructor: 1 } as unknown as Record<string, PyValue>,
    'dataset_kwargs.constructor of dataset json is not supported',
  ],
])('arguments of other kinds: %j', async (kwargs, sentence) => {
  expect(await outcome('a.jsonl', '{"a": 1}', 'json', kwargs)).toBe(sentence)
})

it.each([
  ['configs: 1', /^a$/],
  ['dataset_info: {features: [1]}', /README\.md: dataset_info\.features has an entry without a name/],
  [
    'dataset_info: {features: [{name: a, list: [{dtype: x}]}]}',
    /README\.md: dataset_info\.features has an entry without a name/,
  ],
  [
    'dataset_info: {features: [{name: a, dtype: {class_label: {names: [1]}}}]}',
    /column a: it has the class number 1, but there are 1 classes/,
  ],
  [
    'dataset_info: {features: [{name: a, dtype: constructor}]}',
    /column a: it holds int64, which cannot become constructor/,
  ],
])('a card that says "%s"', async (card, sentence) => {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'README.md'), `---\n${card}\n---\n`)
  writeFileSync(join(folder, 'train.jsonl'), '{"a": 1}\n')
  const found = await read(folder, {}, folder)
  expect(typeof found === 'string' ? found : 'a').toMatch(sentence)
})

it('a file is no dataset', async () => {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'a.jsonl')
  writeFileSync(path, '{"a": 1}')
  expect(await read(path, {}, folder)).toBe(
    `dataset_path ${path} is a file; name its format (json, csv, parquet, text) there, and the file in dataset_kwargs.data_files`,
  )
})

it('reading ends where its signal does', async () => {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'a.jsonl'), '{"a": 1}')
  const controller = new AbortController()
  controller.abort()
  const dataset = await loadDataset({
    path: 'json',
    name: null,
    kwargs: new Map([['data_files', 'a.jsonl']]),
    folder,
    hub: { signal: controller.signal },
  })
  await expect(dataset.split('train')).rejects.toThrow(/abort/)
})
