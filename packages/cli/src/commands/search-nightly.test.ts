import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { demoFolder, nightly, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const search = (...argv: string[]) =>
  runCommand([
    ...['search', '-a', `base_name=${join(demoFolder, 'model')}`, '-b', 'auto', '--device', 'cpu'],
    ...['--sae_release', join(demoFolder, 'saes'), '--sae_id', 'layer_3', ...argv],
  ])
const found = (folder: string) => JSON.parse(readFileSync(join(folder, 'search.json'), 'utf8'))

/** The questions about dogs, with the answers of other ones. */
function shuffledDogs(seed: number): string {
  const folder = temporaryFolder()
  cpSync(join(demoFolder, 'tasks'), folder, { recursive: true })
  const lines = readFileSync(join(demoFolder, 'tasks/dogs.jsonl'), 'utf8').trim().split('\n')
  const documents = lines.map((line) => JSON.parse(line) as { choices: string[]; answer: number })
  const random = seededUniform(seed)
  const shuffled = documents.map((document) => ({
    ...document,
    answer: Math.floor(random() * document.choices.length),
  }))
  writeFileSync(join(folder, 'shuffled.jsonl'), shuffled.map((document) => `${JSON.stringify(document)}\n`).join(''))
  writeFileSync(
    join(folder, 'shuffled.yaml'),
    `task: shuffled
dataset_path: json
dataset_kwargs: {data_files: {test: ${join(folder, 'shuffled.jsonl')}}}
output_type: multiple_choice
test_split: test
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_target: answer
doc_to_choice: choices
metric_list: [{metric: acc}]
`,
  )
  return folder
}

// minutes each: .ci/nightly
describe('searches of the whole demo', nightly(), () => {
  it.each([
    ['demo_dogs', 121],
    ['demo_horses', 71],
    ['demo_birds', 501],
  ])(
    '%s down ends in latent %i, at a twentieth of the tokens of the full grid at most',
    async (task, latent) => {
      const folder = join(temporaryFolder(), 'found')
      const asked = ['--objective', `${task}:acc:down`, '--guard', 'demo:acc:-3', '--controls', '0']
      const { code, stderr } = await search(...asked, '--include_path', join(demoFolder, 'tasks'), '-o', folder)
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      const { winner, cost } = found(folder)
      expect(winner).toMatchObject({ latent })
      expect(cost.tokens).toBeLessThanOrEqual(0.05 * cost.grid)
    },
    1_800_000,
  )

  it('with shuffled labels confirms none in 20, of all latents and within a guard', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const folder = join(temporaryFolder(), 'found')
      const asked = [
        '--objective',
        `shuffled:acc:${seed % 2 === 0 ? 'down' : 'up'}`,
        '--guard',
        'demo_cats+demo_people:acc:-8',
      ]
      const more = ['--include_path', shuffledDogs(seed), '--controls', '0', '-o', folder]
      const { code, stderr } = await search(...asked, ...more)
      expect({ seed, code, stderr: code === 0 ? '' : stderr }).toEqual({ seed, code: 0, stderr: '' })
      expect({ seed, winner: found(folder).winner }).toEqual({ seed, winner: null })
    }
  }, 7_200_000)
})
