import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { dumpsJson, parseJson } from '@saeval/python/internal/json/json'
import { pyRepr, pyStr } from '@saeval/python/internal/text/text'
import type { PyDict } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { loadDataset } from './load-dataset.js'

/** Small odd files with the rows that datasets 5.0.1 makes of them; tools/dataset-rows writes them. */
const goldens = new URL('../../../../tools/dataset-rows/golden/', import.meta.url)
const endings: Readonly<Record<string, string>> = { csv: 'csv', json: 'jsonl', parquet: 'parquet', text: 'txt' }

interface Golden {
  readonly name: string
  readonly format: string
  readonly kwargs: PyDict
  readonly files: ReadonlyMap<string, readonly string[]>
  readonly split: string
  readonly rows?: readonly string[]
  readonly texts?: readonly (readonly string[])[]
  readonly hashes?: readonly string[]
}

function goldensOf(format: string): Golden[] {
  return readFileSync(new URL(`${format}.jsonl`, goldens), 'utf8')
    .trim()
    .split('\n')
    .map((line) => Object.fromEntries(parseJson(line) as PyDict) as unknown as Golden)
}

/** What saeval refuses, by name, where datasets goes on. */
const refused: Readonly<Record<string, RegExp>> = {
  'csv hdrlist': /dataset_kwargs\.header .* not supported/,
  'csv eng': /dataset_kwargs\.(sep|engine) .* not supported/,
  'csv sepws': /dataset_kwargs\.sep .* not supported/,
  'json fieldobj': /"data" is not a list of documents/,
  'json fielddate': /column date: pandas looks for dates/,
}
/**
 * What saeval reads although datasets does not: two files of one row each whose columns have another order,
 * lists of a fixed size of which one is None.
 */
const read: readonly string[] = ['csv files', 'parquet fsl']

async function rowsOf({ format, kwargs, files, split }: Golden): Promise<PyDict[]> {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  const dataFiles = new Map(
    [...files].map(([name, contents]) => [
      name,
      contents.map((content, index) => {
        const file = `${name}${index}.${endings[format]}`
        writeFileSync(join(folder, file), Buffer.from(content, 'base64'))
        return file
      }),
    ]),
  )
  const dataset = await loadDataset({
    path: format,
    name: null,
    kwargs: new Map([...kwargs, ['data_files', dataFiles]]),
    folder,
  })
  return (await dataset.split(split)).rows()
}

describe.each(['csv', 'json', 'parquet', 'text'])('rows of %s files as datasets has them', (format) => {
  it.each(goldensOf(format))('$name', async (golden) => {
    const name = `${format} ${golden.name}`
    if (refused[name] !== undefined) return expect(rowsOf(golden)).rejects.toThrow(refused[name])
    if (golden.rows === undefined) {
      if (read.includes(name)) return
      const rows = await rowsOf(golden).catch((error) => error)
      // a split without rows is an error there only when it is asked for by name
      if (Array.isArray(rows) && rows.length === 0) return
      return expect(rows).toBeInstanceOf(InputError)
    }
    const rows = await rowsOf(golden)
    expect(rows.map(pyRepr)).toEqual(golden.rows)
    expect(rows.map((row) => [...row.values()].map(pyStr))).toEqual(golden.texts)
    const hashes = rows.map((row) =>
      createHash('sha256')
        .update(dumpsJson(row, { indent: 2, ensureAscii: false }))
        .digest('hex'),
    )
    expect(hashes).toEqual(golden.hashes)
  })
})
