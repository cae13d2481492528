import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath } from '../../../tests/fixtures.js'
import { formatProblems, parseSteeringCsv, type SaeSteeredRow, writeSteeringCsv } from './index.js'

const cases = fixtureJson('golden/csv/index.json') as { file: string; valid: boolean }[]

describe('golden files', () => {
  // a latent beyond the SAE's width shows only when the SAE is opened
  it.each(cases.filter(({ file }) => file !== 'bad-latent-too-big.csv'))('$file', ({ file, valid }) => {
    const golden = fixtureJson(`golden/csv/${file.replace('.csv', '.json')}`)
    const result = parseSteeringCsv(readFileSync(fixturePath(`golden/csv/${file}`)), {
      folder: fixturePath('golden/csv'),
    })
    expect(result.dialect).toBe(golden.dialect)
    expect(result.success).toBe(valid)
    expect(result.warnings.map(({ message, ...rest }) => rest)).toEqual(golden.warnings ?? [])
    if (!result.success) {
      expect(result.problems.map(({ message, ...rest }) => rest)).toEqual(golden.problems)
      expect(formatProblems(file, result.problems)).toContain(`${file}:${golden.problems[0].line}`)
      return
    }
    expect(result.rows).toEqual(golden.rows.map((row: object) => ({ extra: {}, ...row })))
    const again = parseSteeringCsv(writeSteeringCsv(result.rows as SaeSteeredRow[]))
    const withoutLines = (rows: readonly object[]) => rows.map((row) => ({ ...row, line: 0 }))
    expect(again.success && withoutLines(again.rows)).toEqual(withoutLines(result.rows))
  })
})

describe('what the goldens do not show', () => {
  const head = 'hook_action,latent_idx,steering_coefficient,sae_release,sae_id\n'

  it('refuses a coefficient that ablate cannot use', () => {
    const result = parseSteeringCsv(`${head}ablate,1,5,r,i\n`)
    expect(!result.success && result.problems).toMatchObject([
      { line: 2, column: 'steering_coefficient', kind: 'without_effect', value: '5' },
    ])
  })

  it('reports problems of earlier rows beside a quotation mark that never closes', () => {
    const result = parseSteeringCsv(`${head}add,x,1,r,i\nadd,1,2,r,"i\n`)
    expect(!result.success && result.problems.map(({ line, kind }) => [line, kind])).toEqual([
      [2, 'not_an_integer'],
      [3, 'unterminated_quote'],
    ])
  })

  it('lists the first of many problems and shows the beginning of long cells', () => {
    const rows = Array.from({ length: 3000 }, (_, row) => `add,x${row},1,gemma-scope-2b-pt-re${row},i`)
    const many = parseSteeringCsv(`${head}${rows.join('\n')}\n`, { folder: '.' })
    if (many.success) throw new Error('it was taken')
    const lines = formatProblems('a.csv', many.problems).split('\n')
    expect(lines.length).toBe(21)
    expect(lines[1]).toContain('did you mean "gemma-scope-2b-pt-res"')
    expect(lines.at(-1)).toBe('a.csv: and 5980 problems more')

    const long = '1'.repeat(1e6)
    for (const row of [`add,${long}x,1,r,i`, `add,1,${long}x,r,i`, `${long},1,1,r,i`, `add,1,1,${long},i`]) {
      const read = parseSteeringCsv(`${head}${row}\n`, { folder: '.' })
      const message = read.success ? '' : formatProblems('a.csv', read.problems)
      expect(message.length).toBeGreaterThan(50)
      expect(message.length).toBeLessThan(1000)
    }
    const columns = Array.from({ length: 100_000 }, (_, index) => `c${index}`).join()
    expect(parseSteeringCsv(`${head.trim()},${columns}\nadd,1,1,r,i,${columns}\n`).warnings).toHaveLength(100_000)
  })

  it('names a quotation mark inside a cell', () => {
    const result = parseSteeringCsv(`${head}add,1,2,r,i "x" y\n`)
    expect(!result.success && result.problems).toMatchObject([{ line: 2, kind: 'invalid_quote' }])
  })

  it('reads a whole number as pandas writes it beside an empty cell', () => {
    const header = 'latent_idx,steering_coefficient,sae_release,sae_id,head_index\n'
    const result = parseSteeringCsv(`${header}121.0,25,r,i,7.\n`)
    expect(result).toMatchObject({ success: true, rows: [{ latent_idx: 121, head_index: 7 }] })
    const fraction = parseSteeringCsv('latent_idx,steering_coefficient,sae_release,sae_id\n121.5,25,r,i\n')
    expect(fraction).toMatchObject({ problems: [{ kind: 'not_an_integer', value: '121.5' }] })
  })

  it.each([
    ['semicolons', ';'],
    ['tabs', '\t'],
  ])('reads %s between the cells', (_name, separator) => {
    const text = '\n"latent_idx",steering_coefficient,sae_release,sae_id,description,mine\n12,0.5,r,i,"a, b; c\td",\n'
    const written = text.replaceAll(/,(?! )/g, separator)
    expect(parseSteeringCsv(written)).toMatchObject({
      success: true,
      rows: [{ line: 3, latent_idx: 12, steering_coefficient: 0.5, description: 'a, b; c\td', extra: { mine: '' } }],
    })
    const long = parseSteeringCsv(written.replace('"a', `x${separator}"a`))
    expect(!long.success && long.problems[0]!.message).toContain(`put a cell that contains ${_name} in quotation`)
  })

  it('reads decimal commas beside semicolons, unless they may be thousands', () => {
    const file = (cell: string) =>
      parseSteeringCsv(`latent_idx;steering_coefficient;sae_release;sae_id\n121,0;${cell};r;i\n`)
    for (const [cell, value] of Object.entries({
      '0,5': 0.5,
      '-1,25e2': -125,
      ',5': 0.5,
      '0,125': 0.125,
      '1234,567': 1234.567,
    }))
      expect(file(cell)).toMatchObject({ success: true, rows: [{ latent_idx: 121, steering_coefficient: value }] })
    for (const cell of ['1,500', '1.500', '-12,345'])
      expect(file(cell)).toMatchObject({ problems: [{ kind: 'not_a_number', column: 'steering_coefficient' }] })
    const message = '"1,500" can be read in two ways; write 1.5000 or 1500'
    expect(file('1,500')).toMatchObject({ problems: [{ message }] })
    for (const value of [1.5, 1500])
      expect(file(value === 1.5 ? '1.5000' : '1500')).toMatchObject({ rows: [{ steering_coefficient: value }] })
    expect(file('1,5,5')).toMatchObject({ problems: [{ kind: 'not_a_number' }] })
  })

  it.each([
    ['latent_idx', ',', '12.000'],
    ['latent_idx', ';', '12.000'],
    ['latent_idx', ';', '12,000'],
    ['refuse_id', ';', '1,000'],
    ['condition_latent', '\t', '999.000'],
    ['head_index', ';', '1.000'],
    ['random_direction', ';', '12,000'],
  ])('refuses a whole thousand in %s beside "%s": %s', (column, separator, cell) => {
    const row = { latent_idx: '1', steering_coefficient: '2', sae_release: 'r', sae_id: 'i', [column]: cell }
    const text = [Object.keys(row), Object.values(row)].map((cells) => cells.join(separator)).join('\n')
    const [whole, thousands] = [cell.slice(0, -4), cell.replace(/[.,]/, '')]
    const message = `"${cell}" can be read in two ways; write ${whole} or ${thousands}`
    expect(parseSteeringCsv(text)).toMatchObject({ problems: [{ line: 2, column, kind: 'not_an_integer', message }] })
  })

  it('leaves out the rows and last columns that a spreadsheet writes empty', () => {
    const header = 'latent_idx,steering_coefficient,sae_release,sae_id'
    const plain = parseSteeringCsv(`${header}\n1,2,r,i\n\n3,4,r,i\n`)
    expect(parseSteeringCsv(`${header},,\n1,2,r,i,,\n,,,,,\n3,4,r,i, ,\n,,,,,\n`)).toEqual(plain)
    const noted = parseSteeringCsv(`${header},,\n1,2,r,i,,note\n`)
    expect(noted).toMatchObject({ problems: [{ line: 1, kind: 'duplicate_column' }] })
    expect(parseSteeringCsv(`${header}\n,,,\n`)).toMatchObject({ problems: [{ kind: 'no_rows' }] })
    for (const shifted of ['1,2,r,i,note', '1,2,r,i,'])
      expect(parseSteeringCsv(`${header}\n${shifted}\n`)).toMatchObject({ problems: [{ kind: 'too_many_fields' }] })
  })
})
