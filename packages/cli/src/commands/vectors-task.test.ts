import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { registerModel } from '@saeval/language-model'
import { hf, hfArguments } from '@saeval/lm-backend-onnx'
import { readVectors } from '@saeval/steering/internal/vectors/vector-formats'
import { describe, expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { demoFolder, fixtureJson, fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { caa } from './vectors.js'
import type { CaaFlags } from './vectors-options.js'

registerModel('hf', hf, { arguments: hfArguments })

interface Golden {
  readonly task: string
  readonly position: '-1' | 'answer' | 'letter'
  readonly pairs: number
  readonly layers: readonly { readonly layer: number; readonly vector: number[]; readonly agreeing: number }[]
}

const folder = temporaryFolder()
const dataset = (task: string) =>
  `task: ${task}
dataset_path: json
dataset_kwargs: { data_files: { test: '${fixturePath(`golden/vectors/caa-${task}.jsonl`)}' } }
test_split: test
output_type: multiple_choice
`
// as lm_eval's model_written_evals, and as tasks of multiple choice in general
writeFileSync(
  join(folder, 'asked.yaml'),
  `${dataset('asked')}tag: written
target_delimiter: ""
doc_to_text: "{{question}}"
doc_to_target: 0
doc_to_choice: "{{[answer_matching_behavior, answer_not_matching_behavior]}}"
num_fewshot: 2
`,
)
writeFileSync(
  join(folder, 'chosen.yaml'),
  `${dataset('chosen')}doc_to_text: stem\ndoc_to_choice: options\ndoc_to_target: label\n`,
)
writeFileSync(
  join(folder, 'written.yaml'),
  `${dataset('chosen').replace('multiple_choice', 'generate_until').replace('chosen', 'generated')}doc_to_text: stem\ndoc_to_target: stem\n`,
)

async function made(more: Partial<CaaFlags>, output = 'out.safetensors'): Promise<{ pairs: number; layers: object[] }> {
  const stdout = new PassThrough()
  const stream = stdout as unknown as NodeJS.WriteStream
  const flags = {
    model_args: new Map([['pretrained', join(demoFolder, 'model')]]),
    device: 'cpu',
    include_path: [folder],
    layers: '1 3',
    position: -1 as const,
    json: true,
    ...more,
  }
  await caa(join(folder, output), flags, {
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
  })
  const text = String(stdout.read() ?? '')
  return JSON.parse(text.slice(text.indexOf('{\n')))
}

describe('saeval vectors caa --task', () => {
  it.each(fixtureJson('golden/vectors/making.json').tasks as Golden[])(
    'of $task at $position is what transformers gives',
    async ({ task, position, pairs, layers }) => {
      const told = await made({ task: [task], position: position === '-1' ? -1 : position })
      expect(told.pairs).toBe(pairs)
      expect(told.layers).toMatchObject(layers.map(({ layer, agreeing }) => ({ layer, agreeing })))
      const options = { baseName: null, allowOtherModel: true, layers: null, hub: {} }
      const { entries } = await readVectors(join(folder, 'out.safetensors'), options)
      layers.forEach(({ vector }, at) => {
        const { change } = entries[at]!
        if (change.action !== 'add') throw new Error('it does not add')
        expectClose(change.vector, Float32Array.from(vector), tolerance.sae, `layer ${layers[at]!.layer}`)
      })
    },
  )

  it('takes tags, and a limit of documents', async () => {
    expect((await made({ task: ['written'], limit: 1 })).pairs).toBe(1)
  })

  it.each<[string, Partial<CaaFlags>, string]>([
    ['nothing', {}, 'give --pairs, a file of pairs, or --task'],
    ['both', { task: ['asked'], pairs: 'x.csv' }, '--pairs and --task cannot stand together'],
    ['another type', { task: ['generated'] }, 'task generated is of type generate_until; only multiple_choice'],
    ['a limit of pairs', { pairs: 'x.csv', include_path: [], limit: 2 }, '--limit has no effect with --pairs'],
  ])('with %s is refused', async (_, flags, message) => {
    await expect(made(flags)).rejects.toThrow(message)
  })

  it('says before it reads what cannot be written', async () => {
    const hundred = Array.from({ length: 100 }, (_, at) => `"${'word '.repeat(9000)}${at}",x\n`).join('')
    writeFileSync(join(folder, 'long.csv'), `positive,negative\n${hundred}`)
    const long = { pairs: join(folder, 'long.csv'), include_path: [] }
    await expect(made(long, 'a.npy')).rejects.toThrow('a numpy file cannot hold 2 vectors')
    await expect(made(long, 'a.csv')).rejects.toThrow('a steering CSV file cannot hold a vector of which')
  })

  it('reads answers of plain pairs nowhere', async () => {
    const pairs = fixturePath('golden/vectors/pairs.csv')
    await expect(made({ pairs, include_path: [], position: 'letter' })).rejects.toThrow(
      '`position` letter needs answers behind their questions',
    )
  })
})
