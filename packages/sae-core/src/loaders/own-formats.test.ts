import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { findSae } from '../registry/find-sae.js'
import { plainConfig } from '../sae-config.js'
import { inMemory } from './in-memory.js'
import { openSae } from './open-sae.js'
import { registerSaeLoader, saeFormats } from './own-formats.js'
import { inFolder } from './paths.js'

it('reads SAEs of a registered format from a folder without cfg.json', async () => {
  registerSaeLoader('numbers', {
    recognises: async (place, path) => (await place.textIfPresent(inFolder(path, 'numbers.json'))) !== null,
    load: async ({ path }, place) => {
      const numbers = JSON.parse(await place.text(inFolder(path, 'numbers.json'))) as number[]
      const config = plainConfig({
        architecture: 'standard',
        dIn: 2,
        dSae: 3,
        hookPoint: 'blocks.0.hook_resid_post',
        modelName: null,
      })
      const arrays = {
        wEnc: inMemory([2, 3], Float32Array.from(numbers)),
        wDec: inMemory([3, 2], Float32Array.from(numbers)),
        bEnc: inMemory([3], new Float32Array(3)),
        bDec: inMemory([2], new Float32Array(2)),
      }
      return { config, arrays }
    },
  })
  expect(saeFormats()).toContain('numbers')
  expect(() => registerSaeLoader('numbers', { recognises: async () => true, load: async () => null as never })).toThrow(
    'registered already',
  )
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'a'))
  writeFileSync(join(folder, 'a', 'numbers.json'), '[1, 2, 3, 4, 5, 6]')
  const sae = await openSae(findSae(folder, 'a'))
  expect([...(await sae.decoderRow(1))]).toEqual([3, 4])
  expect((await sae.encoderColumns([0, 2])).map((column) => [...column])).toEqual([
    [1, 4],
    [3, 6],
  ])
  expect((await sae.files()).map(({ path }) => path)).toEqual(['a/numbers.json'])
  mkdirSync(join(folder, 'b'))
  await expect(openSae(findSae(folder, 'b'))).rejects.toThrow('cfg.json')
})
