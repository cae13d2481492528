import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { readExplanations } from '../results/explanation-file.js'
import { explanationsSection } from './explanations-section.js'

const explanation = {
  saeval: '0.0.0',
  command: 'saeval explain',
  model: 'm',
  csv: 'a&b.csv',
  seed: 1234,
  changed: 7,
  asked: 20,
  documents: [
    {
      task: 't',
      doc_id: 3,
      before: { text: ' <yes>', margin: 2 },
      after: { text: ' no', margin: -1 },
      rows: [
        { what: 'line 2', part: -4, error: 0.25 },
        { what: 'line 3', part: 1, error: 0.25 },
      ],
      positions: [{ what: '<answer>', part: -3, error: null }],
    },
  ],
}

it('shows the parts of each changed answer, as text', () => {
  const html = explanationsSection([explanation])
  expect(html).toContain('a&amp;b.csv')
  expect(html).toContain('7 of 20 answers changed; the 1 with the largest changes')
  expect(html).toContain('t 3: “&lt;yes&gt;” → “no”, margin 2 → −1 (−3)')
  expect(html).toContain('<th scope="row">line 2</th><td>−4 <span class="ci">± 0.25</span></td>')
  expect(html).toContain('<th scope="row">&lt;answer&gt;</th><td>−3</td>')
  expect(explanationsSection([])).toBe('')
})

it('reads the files of a folder, and refuses others of that name', async () => {
  const folder = temporaryFolder()
  expect(await readExplanations(folder)).toEqual([])
  writeFileSync(join(folder, 'explained_a.json'), JSON.stringify(explanation))
  expect(await readExplanations(folder)).toEqual([explanation])
  writeFileSync(join(folder, 'explained_b.json'), '{"csv": 1}')
  await expect(readExplanations(folder)).rejects.toThrow('explained_b.json is not a file of explanations')
})
