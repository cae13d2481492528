import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readExperiment } from '@saeval/report'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const demo = 'examples/demo'
const csv = `${demo}/add_dogs.csv`

/** A task of its own. */
const taskText = (name: string, folder: string) => `task: ${name}
dataset_path: json
dataset_kwargs: {data_files: {test: ${folder}/${name}.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "A dog is"
doc_to_choice: [an animal, a colour]
doc_to_target: "{{label}}"
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
`
/** The same, scored by Python. */
const scoredText = (name: string, folder: string) =>
  `${taskText(name, folder)}process_results: !function scoring_${name}.process\n`.replace('acc', 'score')

/** The cells that have run, by the table on standard error: "setting on the tasks that have a value", or "setting failed". */
function tableRows(stderr: string): string[] {
  const lines = stderr.split('\n')
  const header = lines.find((line) => line.startsWith('run  ')) ?? ''
  const tasks = ['dogs', 'cats'].filter((task) => header.includes(` ${task}`))
  const endOf = (task: string) => header.indexOf(` ${task}`) + 1 + task.length
  const settings = Math.min(...tasks.map(endOf)) - 7
  return lines
    .filter((line) => /^ *\d+\/\d+ {2}/.test(line))
    .map((line) => {
      const [setting, failure] = line.slice(5).split(/ +failed: /)
      if (failure !== undefined) return `${setting!.trim().replace(/ +/g, ' ')} failed`
      const ran = tasks.filter((task) => line.slice(endOf(task) - 6, endOf(task)).trim() !== '')
      return `${line.slice(5, settings).trim().replace(/ +/g, ' ')} on ${ran.join(', ')}`
    })
}

describe('a sweep that is started again', () => {
  let folder: string
  let saes: string
  const write = (name: string, text: string) => writeFileSync(join(folder, 'tasks', name), text)
  // results.json shows process and not what it calls
  const scoring = (name: string, score: number) =>
    write(
      `scoring_${name}.py`,
      `def process(doc, results):\n    return {"score": right(doc)}\n\n\ndef right(doc):\n    return ${score}\n`,
    )
  const task = (name: string) => {
    write(`${name}.yaml`, taskText(name, join(folder, 'tasks')))
    write(`${name}.jsonl`, '{"label": 0}\n{"label": 1}\n')
  }
  const sweep = async (coefficients: string, tasks: string, ...more: string[]) => {
    const { code, stderr, stdout } = await runCommand(
      [
        ...['sweep', '-a', `base_name=${demo}/model`, '--csv', join(folder, 'steer.csv'), '--device', 'cpu'],
        ...[`--coefficients=${coefficients}`, '-t', tasks, '--include_path', join(folder, 'tasks')],
        ...['-o', join(folder, 'sweep'), ...more],
      ],
      { HF_HUB_OFFLINE: '1' },
    )
    return { code, stderr, stdout, ran: tableRows(stderr) }
  }
  beforeEach(() => {
    folder = temporaryFolder()
    mkdirSync(join(folder, 'tasks'))
    saes = join(folder, 'saes')
    cpSync(`${demo}/saes`, saes, { recursive: true })
    writeFileSync(join(folder, 'steer.csv'), readFileSync(csv, 'utf8').replaceAll(`${demo}/saes`, saes))
    for (const name of ['dogs', 'cats']) task(name)
  })

  it('runs what is new, shows what is asked for and takes the rest as it is', async () => {
    expect((await sweep('10', 'dogs')).ran).toEqual(['unsteered on dogs', '10 on dogs'])
    const results = readdirSync(join(folder, 'sweep/cells/coefficient=10'))
    expect((await sweep('10,20', 'dogs')).ran).toEqual(['20 on dogs'])
    expect(readdirSync(join(folder, 'sweep/cells/coefficient=10'))).toEqual(results)
    const both = await sweep('10,20', 'dogs,cats')
    expect(both.ran).toEqual(['unsteered on cats', '10 on cats', '20 on cats'])
    expect(both.stdout.replaceAll(' ', '').match(/\|coefficient\d+\|\w+\|/g)).toEqual(
      ['10|dogs', '10|cats', '20|dogs', '20|cats'].map((end) => `|coefficient${end}|`),
    )
    const { runs, baseline, missing } = await readExperiment(join(folder, 'sweep'))
    expect([...runs, baseline!].map(({ results: { samples } }) => [...samples.keys()])).toEqual(
      Array(3).fill(['dogs', 'cats']),
    )
    expect(missing).toBe(0)
    // another axis gives the cells other names
    const fewer = await sweep('20', 'cats', '--actions', 'add')
    expect([fewer.code, fewer.ran]).toEqual([0, []])
    expect(fewer.stdout).toContain('|action add, coefficient 20|cats ')
    expect(fewer.stdout).not.toContain('dogs')
  })

  it('runs the other cells when one fails, and that one again', async () => {
    const near = join(folder, 'near.csv')
    cpSync(join(folder, 'steer.csv'), near)
    const header = 'latent_idx,steering_coefficient,sae_release,sae_id,positions'
    writeFileSync(join(folder, 'steer.csv'), `${header}\n121,10,${saes},layer_3,100:200\n`)
    for (const ran of [['unsteered on dogs', 'steer.csv 10 failed', 'near.csv 10 on dogs'], ['steer.csv 10 failed']]) {
      const both = await sweep('10', 'dogs', '--csv', near)
      expect(both.ran).toEqual(ran)
      expect(both.code).toBe(2)
      expect(both.stderr).toMatch(
        /1 of \d runs failed \(.*sweep\.csv has the others\):\n.*steer\.csv:2, coefficient 10, column positions: /,
      )
    }
    const { runs, missing } = await readExperiment(join(folder, 'sweep'))
    expect([runs.length, missing]).toEqual([1, 1])
  })

  it('runs rows without effect where that is allowed', async () => {
    const scale = ['--actions', 'scale']
    expect((await sweep('1', 'dogs', ...scale)).stderr).toContain('or run with --allow_inert_rows')
    expect((await sweep('1', 'dogs', ...scale, '--allow_inert_rows')).code).toBe(0)
  })

  it('does not care for what decides nothing', async () => {
    write('dogs.yaml', scoredText('dogs', join(folder, 'tasks')))
    scoring('dogs', 1)
    expect((await sweep('10', 'dogs')).code).toBe(0)
    task('birds')
    write('unrelated.py', 'right = 0\n')
    const { code, ran } = await sweep('10', 'dogs', '--seed', '7', '--batch_size', '4', '--metadata', 'a=b')
    expect([code, ran]).toEqual([0, []])
    // what the function calls stands in its file, and nowhere in results.json
    scoring('dogs', 0)
    const other = 'cells/baseline holds results of dogs with other documents'
    expect(await sweep('10', 'dogs')).toMatchObject({ code: 2, stderr: expect.stringContaining(other) })
  })

  it.each<[string, () => void, string[], string]>([
    [
      'documents',
      () => write('dogs.jsonl', '{"label": 1}\n'),
      [],
      'cells/baseline holds results of dogs with other documents',
    ],
    ['limit', () => {}, ['--limit', '1'], 'cells/baseline holds results of dogs with other documents'],
    [
      'model',
      () => {},
      ['-a', `base_name=${demo}/model,dtype=float16`],
      'cells/baseline holds results of another model',
    ],
    [
      'SAE',
      () => {
        const weights = join(saes, 'layer_3', 'sae_weights.safetensors')
        const bytes = readFileSync(weights)
        const start = 8 + Number(bytes.readBigUInt64LE())
        const [from] = JSON.parse(bytes.toString('utf8', 8, start)).W_dec.data_offsets as [number]
        bytes.writeFloatLE(0.25, start + from + 121 * 128 * 4)
        writeFileSync(weights, bytes)
      },
      [],
      'cells/coefficient=10 holds results of other edits',
    ],
    [
      'CSV',
      () =>
        writeFileSync(join(folder, 'steer.csv'), readFileSync(join(folder, 'steer.csv'), 'utf8').replace('121', '122')),
      [],
      'cells/coefficient=10 holds results of another steering CSV',
    ],
  ])(
    'refuses finished cells with another %s, and runs them when they are deleted',
    async (_, change, more, message) => {
      expect((await sweep('10', 'dogs')).code).toBe(0)
      change()
      expect(await sweep('10', 'dogs', ...more)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
      rmSync(join(folder, 'sweep', 'cells'), { recursive: true })
      const again = await sweep('10', 'dogs', ...more)
      expect([again.code, again.ran]).toEqual([0, ['unsteered on dogs', '10 on dogs']])
    },
  )
})
