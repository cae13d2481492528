import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Explanation } from '@saeval/report'
import { expect, it } from 'vitest'
import { demoFolder, repository, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

/** By tools/goldens/explain.py. */
const golden = JSON.parse(readFileSync(join(repository, 'fixtures/golden/explain.json'), 'utf8')) as {
  documents: number
  found: {
    doc_id: number
    before: string
    after: string
    margins: [number, number]
    rows: number[]
    positions: number[]
  }[]
}

const saes = join(demoFolder, 'saes')
const header = 'latent_idx,steering_coefficient,sae_release,sae_id,hook_action,positions'
const rows = ['121,-20,SAES,layer_3,clamp_active,', '71,9,SAES,layer_3,add,prompt', '40,-6,SAES,layer_2,add,']

function csvOf(lines: readonly string[]): string {
  const path = join(temporaryFolder(), 'mixed.csv')
  writeFileSync(path, [header, ...lines].map((line) => `${line.replace('SAES', saes)}\n`).join(''))
  return path
}

const explain = (csv: string, ...argv: string[]) =>
  runCommand([
    'explain',
    ...['-a', `base_name=${join(demoFolder, 'model')},csv_path=${csv}`, '-b', 'auto', '--device', 'cpu'],
    ...['--include_path', join(demoFolder, 'tasks'), ...argv],
  ])

it('splits margins as brute force over all orders does, apart, in torch', async () => {
  const folder = temporaryFolder()
  const asked = ['-t', 'demo_dogs', '-L', String(golden.documents)]
  const { code, stdout, stderr } = await explain(csvOf(rows), ...asked, '-o', folder)
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const found = JSON.parse(readFileSync(join(folder, 'explained_mixed.json'), 'utf8')) as Explanation
  expect(found.changed).toBe(golden.found.length)
  for (const wanted of golden.found) {
    const own = found.documents.find(({ doc_id: id }) => id === wanted.doc_id)!
    expect([own.before.text, own.after.text]).toEqual([wanted.before, wanted.after])
    const [before, after] = wanted.margins
    expect(Math.abs(own.before.margin - before)).toBeLessThan(1e-4)
    expect(Math.abs(own.after.margin - after)).toBeLessThan(1e-4)
    for (const kind of ['rows', 'positions'] as const) {
      expect(own[kind]).toHaveLength(wanted[kind].length)
      own[kind].forEach(({ part }, index) => {
        expect(Math.abs(part - wanted[kind][index]!)).toBeLessThan(1e-4)
      })
      const sum = own[kind].reduce((total, { part }) => total + part, 0)
      expect(Math.abs(sum - (own.after.margin - own.before.margin))).toBeLessThan(1e-4)
    }
    expect(own.positions.map(({ what }) => what)[0]).toBe('<bos>')
  }
  expect(stdout).toContain('mixed.csv: 2 of 2 answers changed')
  expect(stdout).toContain('line 3: add 9 latent 71')
  // the largest change first
  expect(found.documents[0]!.doc_id).toBe(0)
})

it('needs a CSV', async () => {
  const { code, stderr } = await runCommand([
    ...['explain', '-a', `base_name=${join(demoFolder, 'model')}`, '-t', 'demo_dogs'],
    ...['--include_path', join(demoFolder, 'tasks')],
  ])
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('--model_args needs csv_path=…, the CSV whose effect is explained'),
  })
})

it('splits written texts too: the unsteered text against the steered one', async () => {
  const { stdout } = await explain(csvOf(['121,25,SAES,layer_3,add,']), '-t', 'demo_stories', '-L', '1', '--json')
  const { documents } = JSON.parse(stdout) as Explanation
  expect(documents.length).toBeGreaterThan(0)
  for (const { before, after, positions, rows: parts } of documents) {
    // each model finds its own text likelier
    expect(before.margin).toBeGreaterThan(after.margin)
    expect(parts[0]!.part).toBeCloseTo(after.margin - before.margin, 4)
    expect(positions.reduce((sum, { part }) => sum + part, 0)).toBeCloseTo(after.margin - before.margin, 4)
  }
})
