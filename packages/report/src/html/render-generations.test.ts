import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Generations } from '@saeval/steering'
import { describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../../tests/fixtures.js'
import { browserPath, openPage } from './open-page.testing.js'
import { renderGenerations } from './render-generations.js'

const token = (text: string, activation: number) => ({
  id: 1,
  text,
  logprob: -0.5,
  unsteered_logprob: -1.25,
  activations: [activation],
  unsteered_activations: [activation / 2],
})
const generations: Generations = {
  model: 'some/model',
  edits: ['steer.csv:2: add 5 x latent 7'],
  unread: ['latent 9 has no activations here: <why>'],
  latents: [{ latent: 7, sae_release: 'release', sae_id: 'layer_1', description: '<dogs>' }],
  options: { seed: 1234 },
  prompts: [
    {
      prompt: 'A <script> & a dog',
      settings: [
        { label: 'unsteered', coefficient: null, steered: false, text: '', tokens: [] },
        {
          label: 'coefficient 5',
          coefficient: 5,
          steered: true,
          text: ' ran',
          tokens: [token(' ran', 4), token('', 0), token('</s>', 8)],
        },
      ],
    },
  ],
}

it('shows every token with its numbers, escaped, and needs nothing else', () => {
  const html = renderGenerations(generations)
  expect(html).toContain('A &lt;script&gt; &amp; a dog')
  expect(html).toContain('latent 7 (&lt;dogs&gt;) of layer_1, edits applied')
  expect(html).toContain('latent 9 has no activations here: &lt;why&gt;')
  expect(html).toContain('log-probability -0.50, unsteered -1.25\nlatent 7: 2 read unsteered, 4 edits applied')
  // coloured by the strongest of the first choice
  expect(html).toContain('role="img" data-u0="2" data-a0="4" data-p="1.25"')
  // what comes after the text's end is set apart
  expect(html.match(/class="after"/g)).toHaveLength(2)
  expect(html).toContain('&lt;/s&gt;</span>')
  expect(html).not.toMatch(/<\/s>|https?:|src=/)
  expect(html).toContain('<title>Steering some/model</title>')
  expect(renderGenerations(generations, { title: 'Dogs' })).toContain('<h1>Dogs</h1>')
})

it('takes models without latents that can be read alone', () => {
  const plain = renderGenerations({
    ...generations,
    latents: [],
    prompts: [
      {
        prompt: 'A',
        settings: [
          {
            ...generations.prompts[0]!.settings[1]!,
            tokens: [{ ...token('b', 0), activations: [], unsteered_activations: [] }],
          },
        ],
      },
    ],
  })
  expect(plain).toContain('role="img" data-p="1.25"')
})

describe('the page in a browser', needs('Chromium', browserPath !== undefined), () => {
  it('tells a token at the pointer and the focus, and colours tokens by what is picked', async () => {
    const path = join(temporaryFolder(), 'generations.html')
    writeFileSync(path, renderGenerations(generations))
    const { page, complaints } = await openPage(path)
    const first = page.locator('.tokens span').first()
    await first.hover()
    expect(await page.textContent('#tip')).toMatch(/^" ran"\nlog-probability -0\.50, unsteered -1\.25\n/)
    await page.mouse.move(0, 0)
    expect(await page.isVisible('#tip')).toBe(false)
    await first.focus()
    expect(await page.isVisible('#tip')).toBe(true)
    await page.selectOption('#colour', 'p')
    expect(await page.textContent('#scale')).toBe('strongest colour: 1.25')
    expect(await first.evaluate((token) => token.getAttribute('style'))).toBe('--s: 1;')
    expect(complaints).toEqual([])
  })
})
