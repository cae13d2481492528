import { expect, it } from 'vitest'
import { leftOut, linkOf, settingOf } from './setting.js'

const saes = [
  { release: 'a release', id: 'layer 1' },
  { release: 'other', id: 'layer&2' },
]
const page = { saes, sizes: [24, 10] }

it('reads from a link what was written into it: any number, a whole prompt', () => {
  const numbers = [0.1 + 0.2, 1e-7, -1e-300, 18.741050720214844, 5, -20, 1e9, -0.5]
  const edits = numbers.map((coefficient, latent) => ({ sae: latent % 2, latent, action: 'add', coefficient }) as const)
  const setting = { prompt: `${'Question: 1 + 1 = ?\nAnswer: 2\n\n'.repeat(200)}Question: 2 + 3 = ?\nAnswer:`, edits }
  const link = `#${linkOf(setting, saes)}`
  expect(settingOf(link, page)).toEqual({ setting, left: [] })
  // SAEs are found by their names, wherever they stand
  const turned = settingOf(link, { saes: saes.toReversed(), sizes: [10, 24] })!
  expect(turned.setting.edits.map(({ sae }) => sae)).toEqual(edits.map(({ sae }) => 1 - sae))
  // an SAE that the page lacks takes none of another's place
  const { setting: rest, left } = settingOf(link, { saes: saes.slice(1), sizes: [10] })!
  expect(rest.edits).toEqual(edits.filter(({ sae }) => sae === 1).map((edit) => ({ ...edit, sae: 0 })))
  expect(left.length).toBe(4)
})

it('names edits that are none, and those without room', () => {
  const texts = [
    '0 1 add 1e10',
    '0 1 add -2e9',
    '0 1 add Infinity',
    '0 1 add NaN',
    '0 1 add 0x10',
    '0 1 add ',
    '0 24 add 1',
    '0 1 clamp_above 1',
  ]
  const many = Array.from({ length: 9 }, (_, latent) => `0 ${latent} add 1`)
  const hash = new URLSearchParams([
    ['prompt', 'a'],
    ...[...texts, ...many].map((text): [string, string] => ['edit', text]),
  ])
  const { setting, left } = settingOf(`#${hash}`, page)!
  expect(setting.edits.map(({ sae, latent }) => [sae, latent])).toEqual(Array.from({ length: 8 }, (_, at) => [0, at]))
  expect(left).toEqual([...texts, '0 8 add 1'])
  expect(leftOut(0, left)).toMatch(
    /^9 of the link's edits are not shown: .* \(“0 1 add 1e10”, “0 1 add -2e9”, “0 1 add Infinity”, and 6 more\)\.$/,
  )
  expect(leftOut(1, [])).toMatch(/^1 of the run's edits is not shown/)
  expect(leftOut(0, [])).toBe('')
})
