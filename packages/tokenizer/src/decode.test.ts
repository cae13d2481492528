import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { demoFolder, fixtureJson, fixturePath, hasFixture, temporaryFolder } from '../../../tests/fixtures.js'
import { loadTokenizer } from './tokenizer.js'

interface Drawn {
  readonly name: string
  readonly size: number
  readonly added: readonly number[]
  readonly count: number
  readonly sha256: string
}

interface Case {
  readonly name: string
  readonly tokenizer: object
  readonly config: object
  /** Ids, their text, their text without special tokens. */
  readonly texts: readonly (readonly [number[], string, string])[]
}

// by tools/goldens/decode.py
const goldens: { tokenizers: Drawn[]; cases: Case[] } = fixtureJson('golden/decode.json')

/** The same lists as drawn_ids of tools/goldens/decode.py. */
function* drawnIds({ size, added, count }: Drawn): Generator<number[]> {
  const draw = seededUniform(7)
  for (let round = 0; round < count; round++) {
    const length = 1 + Math.floor(draw() * 12)
    const [low, width] = draw() < 0.5 ? [0, size] : [Math.floor(draw() * Math.min(size, 600)), 260]
    yield Array.from({ length }, () =>
      draw() < 0.1 ? added[Math.floor(draw() * added.length)]! : Math.min(size - 1, low + Math.floor(draw() * width)),
    )
  }
}

function folderOf(name: string): string | null {
  if (name === 'demo') return join(demoFolder, 'model')
  if (!hasFixture(`hf-home/hub/${name}`)) return null
  const snapshots = fixturePath(`hf-home/hub/${name}/snapshots`)
  return join(snapshots, readdirSync(snapshots)[0]!)
}

function open(folder: string) {
  const config = join(folder, 'tokenizer_config.json')
  return loadTokenizer({
    tokenizerJson: join(folder, 'tokenizer.json'),
    tokenizerConfig: config,
    specialTokensMap: null,
    chatTemplate: null,
    modelType: folder.includes('gpt2') ? 'gpt2' : 'any',
  })
}

describe('gives the texts of transformers', () => {
  it.each(goldens.tokenizers.filter(({ name }) => folderOf(name) !== null))('$name', async (drawn) => {
    const tokenizer = await open(folderOf(drawn.name)!)
    const hash = createHash('sha256')
    for (const ids of drawnIds(drawn)) {
      const texts = [tokenizer.decode(ids), tokenizer.decode(ids, { skipSpecialTokens: true })]
      hash.update(`${JSON.stringify([ids, texts])}\n`)
    }
    expect(hash.digest('hex')).toBe(drawn.sha256)
  })

  it.each(goldens.cases)('$name', async ({ tokenizer: json, config, texts }) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json))
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
    const tokenizer = await open(folder)
    for (const [ids, text, withoutSpecial] of texts) {
      expect(tokenizer.decode(ids), ids.join()).toBe(text)
      expect(tokenizer.decode(ids, { skipSpecialTokens: true }), ids.join()).toBe(withoutSpecial)
    }
  })
})

it.each(['byte fallback', 'byte level', 'metaspace'])('settled texts stay: %s', async (name) => {
  const { tokenizer: json, texts } = goldens.cases.find((golden) => golden.name === name)!
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json))
  writeFileSync(join(folder, 'tokenizer_config.json'), '{}')
  const tokenizer = await open(folder)
  let held = 0
  for (const [ids, text, withoutSpecial] of texts)
    for (let length = 0; length <= ids.length; length++) {
      const settled = ids.slice(0, tokenizer.settled(ids.slice(0, length)))
      if (settled.length < length && settled.length < ids.length) held++
      const shown = (skipSpecialTokens: boolean) =>
        tokenizer.decode(settled, { skipSpecialTokens }).replace(/\ufffd+$/, '')
      expect(text.startsWith(shown(false)), ids.join()).toBe(true)
      expect(withoutSpecial.startsWith(shown(true)), ids.join()).toBe(true)
    }
  expect(held > 0).toBe(name === 'byte fallback')
})
