import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const folder = temporaryFolder()
const csv = join(folder, 'steer.csv')
const positions = '13:'
writeFileSync(
  csv,
  `latent_idx,steering_coefficient,sae_release,sae_id,positions\n121,20,examples/demo/saes,layer_3,${positions}\n`,
)
/** The documents of demo_places whose prompts have 14 tokens or more: the positions hold a token of no other. */
const long = [
  1, 4, 7, 8, 11, 14, 18, 19, 21, 25, 28, 31, 32, 35, 38, 42, 43, 45, 49, 52, 55, 56, 59, 62, 66, 67, 69, 73, 76, 79,
  80, 83, 86, 90, 91, 93,
]

/** What results.json says of a run about places, beside its numbers. */
async function run(...more: string[]) {
  const out = temporaryFolder()
  const args = `base_name=examples/demo/model,csv_path=${csv},max_length=15`
  const argv = ['run', '-M', 'sae_steered_beta', '-a', args, '-t', 'demo_places', '--device', 'cpu', '-b', 'auto']
  const { code, stderr } = await runCommand([
    ...argv,
    ...['--include_path', join(demoFolder, 'tasks'), '-o', out],
    ...more,
  ])
  if (code !== 0) return { code, stderr }
  const results = join(out, readdirSync(out).find((name) => name.endsWith('model'))!)
  const file = readdirSync(results).find((name) => name.startsWith('results_'))!
  const { saeval, results: numbers } = JSON.parse(readFileSync(join(results, file), 'utf8'))
  return { code, stderr, saeval, accuracy: numbers.demo_places['acc,none'] }
}

it('counts and judges a run with kept answers as a whole', async () => {
  const cache = ['--use_cache', join(folder, 'answers')]
  const plain = await run()
  const { truncated_requests, tokens, selected_positions } = plain.saeval
  expect(selected_positions).toEqual([
    { positions: `positions ${positions}`, requests: 384, requests_without_a_token: 259 },
  ])
  expect(truncated_requests).toBe(35)
  expect(plain.saeval).not.toHaveProperty('kept_answers')

  await run(...cache, '--samples', JSON.stringify({ demo_places: long }))
  // no prompt that is left to ask is long enough
  const rest = await run(...cache)
  const again = await run(...cache)
  for (const [{ saeval, accuracy, stderr }, kept] of [
    [rest, 4 * long.length],
    [again, 384],
  ] as const) {
    expect(accuracy).toBe(plain.accuracy)
    expect(saeval).toMatchObject({
      truncated_requests,
      selected_positions,
      kept_answers: kept,
      // what was computed for all answers, whichever process did
      tokens: rest.saeval.tokens,
      steering: rest.saeval.steering,
    })
    expect(stderr).toContain(`${kept} answers were kept from before`)
  }
  expect(rest.saeval.tokens.requested).toBe(tokens.requested)
  // beginnings that both parts share are computed twice
  expect(rest.saeval.tokens.computed).toBeGreaterThanOrEqual(tokens.computed)
  expect(rest.saeval.steering.rows[0].acted_tokens).toBe(plain.saeval.steering.rows[0].acted_tokens)

  // whose answers are all kept
  const short = ['--samples', JSON.stringify({ demo_places: [0, 2, 3] })]
  expect(await run(...cache, ...short)).toEqual({
    code: 2,
    stderr: expect.stringContaining(
      `steer.csv:2, column positions: positions ${positions} hold no token of any of the 12`,
    ),
  })
})
