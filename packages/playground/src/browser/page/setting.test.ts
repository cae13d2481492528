import { expect, it } from 'vitest'
import { linkOf, settingOf } from './setting.js'

it('reads from a link what was written into it: any number, a whole prompt', () => {
  const numbers = [0.1 + 0.2, 1e-7, -1e-300, 18.741050720214844, 5, -20, 1e9, -0.5]
  const edits = numbers.map((coefficient, latent) => ({ sae: 0, latent, action: 'add', coefficient }) as const)
  const setting = { prompt: `${'Question: 1 + 1 = ?\nAnswer: 2\n\n'.repeat(200)}Question: 2 + 3 = ?\nAnswer:`, edits }
  expect(settingOf(`#${linkOf(setting)}`, [24])).toEqual(setting)
})

it('leaves out edits that are none', () => {
  const texts = [
    '0 1 add 1e10',
    '0 1 add -2e9',
    '0 1 add Infinity',
    '0 1 add NaN',
    '0 1 add 0x10',
    '0 1 add ',
    '0 24 add 1',
  ]
  const hash = new URLSearchParams([['prompt', 'a'], ...texts.map((text): [string, string] => ['edit', text])])
  expect(settingOf(`#${hash}`, [24])).toEqual({ prompt: 'a', edits: [] })
})
