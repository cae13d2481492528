import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { dumpsJson, parseJson } from '@saeval/python/internal/json/json'
import { pyRepr } from '@saeval/python/internal/text/text'
import { fromPlain, type PyDict } from '@saeval/python/internal/values/value'
import { zipSync } from 'fflate'
import { beforeAll, describe, expect, it } from 'vitest'
import { copyHfHome, fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { loadDataset } from './load-dataset.js'

const goldens = 'golden/requests'
const lines = (file: string) =>
  readFileSync(fixturePath(file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => parseJson(line) as PyDict)

/** Golden tasks on stored datasets whose documents no Python changes. */
function storedTasks(): { task: string; config: PyDict; golden: PyDict[] }[] {
  const configs = lines('golden/tasks/configs.jsonl')
  return readdirSync(fixturePath(goldens)).flatMap((file) => {
    const task = file.replace('.jsonl', '')
    const config = configs.find((entry) => entry.get('task') === task)?.get('config') as PyDict | undefined
    const golden = lines(`${goldens}/${file}`)
    const stored = golden.some((line) => line.get('type') === 'task' && line.get('source') === 'fixture')
    return config && stored && !config.has('process_docs') ? [{ task, config, golden }] : []
  })
}

describe.each(storedTasks())('documents of $task', ({ config, golden }) => {
  it('are those that datasets.load_dataset gives', async () => {
    const head = golden.find((line) => line.get('type') === 'task')!
    const path = head.get('dataset_path') as string
    const env = { HF_HOME: copyHfHome([`datasets--${path.replace('/', '--')}`]), HF_HUB_OFFLINE: '1' }
    const dataset = await loadDataset({
      path,
      name: head.get('dataset_name') as string | null,
      kwargs: (config.get('dataset_kwargs') ?? new Map()) as PyDict,
      hub: { env },
    })
    const split = await dataset.split((config.get('test_split') ?? config.get('validation_split')) as string)
    const docs = golden.filter((line) => line.get('type') === 'doc' && line.has('doc_json'))
    expect(docs.length).toBeGreaterThan(0)
    for (const doc of docs) {
      const place = doc.get('doc_id') as number
      const [row] = await split.rows(place, place + 1)
      expect(dumpsJson(row!, { indent: 2, ensureAscii: false })).toBe(doc.get('doc_json'))
    }
  })
})

let home: string
beforeAll(() => {
  home = temporaryFolder()
})

/** A dataset in a cache of the hub. */
function repository(name: string, files: Readonly<Record<string, string | Uint8Array>>, revision = 'main'): void {
  const folder = join(home, 'hub', `datasets--${name.replace('/', '--')}`)
  const commit = (revision === 'main' ? 'a' : 'b').repeat(40)
  write(folder, { [`refs/${revision}`]: commit })
  write(join(folder, 'snapshots', commit), files)
}

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

const hub = () => ({ env: { HF_HOME: home, HF_HUB_OFFLINE: '1' } })
async function rows(path: string, split: string, name: string | null = null, kwargs: Record<string, unknown> = {}) {
  const dataset = await loadDataset({ path, name, kwargs: fromPlain(kwargs) as PyDict, hub: hub(), folder: home })
  return pyRepr(await (await dataset.split(split)).rows())
}

describe('formats', () => {
  const json = '{"a": 1, "b": {"c": [1, 2.5]}}\n\n{"a": 2.5, "b": {"d": null}, "e": "x"}\n'
  const table =
    "[{'a': 1.0, 'b': {'c': [1.0, 2.5], 'd': None}, 'e': None}, {'a': 2.5, 'b': {'c': None, 'd': None}, 'e': 'x'}]"
  const files: Record<string, string | Uint8Array> = {
    'x.jsonl': json,
    'x.jsonl.gz': gzipSync(json),
    'x.json': `[${json.trim().replace('\n\n', ',')}]`,
    'x.zip': zipSync({ 'in/x.jsonl': new TextEncoder().encode(json), '__MACOSX/x.jsonl': new Uint8Array(3) }),
    'y.json': `{"data": [${json.trim().replace('\n\n', ',')}]}`,
    'x.csv': 'n,t,f,none,b\n1,"a, b",1,,true\n-2,NA,2.5,null,false\n',
    'x.tsv': 'n\tt\n1\ta"b\n',
    'headless.csv': '1,a\n2,b\n',
    'x.txt': 'one\n\ntwo\n',
  }
  beforeAll(() => write(home, files))

  it.each(['x.jsonl', 'x.jsonl.gz', 'x.zip', '*.jsonl'])('%s', async (file) => {
    expect(await rows('json', 'train', null, { data_files: file })).toBe(table)
  })
  // without the blank line datasets sees that keys differ, and keeps each struct as it is
  const mixed = "[{'a': 1.0, 'b': {'c': [1, 2.5]}, 'e': None}, {'a': 2.5, 'b': {'d': None}, 'e': 'x'}]"
  it('x.json', async () => {
    expect(await rows('json', 'train', null, { data_files: 'x.json' })).toBe(mixed)
  })
  it.each([
    ['a field of a JSON file', 'json', { data_files: 'y.json', field: 'data' }, table],
    [
      'CSV',
      'csv',
      { data_files: ['x.csv'] },
      "[{'n': 1, 't': 'a, b', 'f': 1.0, 'none': None, 'b': True}, {'n': -2, 't': None, 'f': 2.5, 'none': None, 'b': False}]",
    ],
    ['TSV read as CSV', 'csv', { data_files: 'x.tsv' }, "[{'n\\tt': '1\\ta\"b'}]"],
    [
      'CSV without a header',
      'csv',
      { data_files: 'headless.csv', column_names: ['k', 'v'] },
      "[{'k': 1, 'v': 'a'}, {'k': 2, 'v': 'b'}]",
    ],
    ['text', 'text', { data_files: 'x.txt' }, "[{'text': 'one'}, {'text': ''}, {'text': 'two'}]"],
  ])('%s', async (_, path, kwargs, expected) => {
    expect(await rows(path, 'train', null, kwargs)).toBe(expected)
  })

  it.each([
    ['a file that is not there', { data_files: 'nope.json' }, /data_files names nope.json, which does not exist/],
    ['another address', { data_files: 's3://x/y.json' }, /neither a file nor one of the hub/],
    ['an option that is not known', { data_files: 'x.json', shards: 3 }, /dataset_kwargs.shards .* is not supported/],
    ['no files', {}, /needs dataset_kwargs.data_files/],
  ])('refuses %s', async (_, kwargs, message) => {
    await expect(rows('json', 'train', null, kwargs)).rejects.toThrow(message)
  })

  it('refuses damaged archives', async () => {
    write(home, { 'broken.zip': 'PK', 'broken.jsonl.gz': gzipSync(json).subarray(0, 20) })
    await expect(rows('json', 'train', null, { data_files: 'broken.zip' })).rejects.toThrow(/not a whole zip archive/)
    await expect(rows('json', 'train', null, { data_files: 'broken.jsonl.gz' })).rejects.toThrow(/not a whole gz file/)
  })
})

describe('datasets of the hub', () => {
  it('cast what the card describes', async () => {
    const card = `---
dataset_info:
  features:
  - name: label
    dtype: {class_label: {names: {'0': 'no', '1': 'yes'}}}
  - name: score
    dtype: float32
  - name: id
    dtype: string
  - name: answers
    sequence:
    - {name: text, dtype: string}
    - {name: start, dtype: int32}
  - name: turns
    list:
    - {name: who, dtype: string}
  - name: tags
    sequence: {class_label: {names: [x, y]}}
---
`
    repository('a/b', {
      'README.md': card,
      'data/test.jsonl':
        '{"id": 7, "label": "yes", "score": 1, "answers": {"text": ["t"], "start": [3]}, "turns": [{"who": "me"}], "tags": ["y", "x"]}\n',
    })
    expect(await rows('a/b', 'test')).toBe(
      "[{'label': 1, 'score': 1.0, 'id': '7', 'answers': {'text': ['t'], 'start': [3]}, 'turns': [{'who': 'me'}], 'tags': [1, 0]}]",
    )
    const dataset = await loadDataset({ path: 'a/b', name: null, hub: hub() })
    expect((await dataset.split('test')).classNames).toEqual(new Map([['label', ['no', 'yes']]]))
  })

  it('find configurations, revisions, folders and files', async () => {
    repository('c/d', {
      'README.md':
        '---\nconfigs:\n- config_name: one\n  data_dir: sub\n- config_name: two\n  data_files:\n  - {split: test, path: "sub/*dev*"}\n---\n',
      'sub/train.csv': 'a\n1\n',
      'sub/dev.csv': 'a\n2\n',
      'other/data.json': '[{"a": 3}]',
    })
    repository('c/d', { 'test.csv': 'a\n9\n' }, 'v2')
    expect(await rows('c/d', 'validation', 'one')).toBe("[{'a': 2}]")
    expect(await rows('c/d', 'test', 'two')).toBe("[{'a': 2}]")
    expect(await rows('c/d', 'test', null, { revision: 'v2' })).toBe("[{'a': 9}]")
    expect(await rows('c/d', 'train', null, { data_files: 'other/*.json' })).toBe("[{'a': 3}]")
    expect(await rows('c/d', 'train', null, { data_dir: 'sub' })).toBe("[{'a': 1}]")
    for (const file of [
      'hf://datasets/c/d/other/data.json',
      'hf://datasets/c/d@main/other/*',
      'https://huggingface.co/datasets/c/d/resolve/main/other/data.json',
    ])
      expect(await rows('json', 't', null, { data_files: { t: file } })).toBe("[{'a': 3}]")
    await expect(rows('c/d', 'test', 'three')).rejects.toThrow(/no configuration "three"; it has one, two/)
    await expect(rows('c/d', 'nope', 'one')).rejects.toThrow(/no split "nope"; it has train, validation/)
  })

  it('are read by tabs where they are tsv files', async () => {
    repository('t/sv', { 'test.tsv': 'n\tt\n1\ta"b\n' })
    expect(await rows('t/sv', 'test')).toBe("[{'n': 1, 't': 'a\"b'}]")
  })

  it("read scripts from the hub's parquet version", async () => {
    repository('e/script', { 'script.py': 'import datasets' })
    await expect(rows('e/script', 'test')).rejects.toThrow(
      /e\/script is a Python script \(script.py\), which cannot be run, and the hub's own parquet version of it is not there/,
    )
    const file = findParquet(fixturePath('hf-home/hub/datasets--cais--mmlu'))
    repository('e/script', { 'default/test/0000.parquet': readFileSync(file) }, 'refs/convert/parquet')
    expect(await rows('e/script', 'test')).toContain("'question': ")
    await expect(rows('e/script', 'test', 'x')).rejects.toThrow(/no configuration "x" but default/)
  })
})

function findParquet(folder: string): string {
  return join(
    folder,
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith('.parquet'))!,
  )
}
