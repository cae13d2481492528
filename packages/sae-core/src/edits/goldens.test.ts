import { readdirSync } from 'node:fs'
import { afterAll, describe, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { fixtureJson, fixturePath } from '../../../../tests/fixtures.js'
import { type GoldenCase, goldenEdits } from '../../../../tests/golden-edits.js'
import { readGoldenTensors } from '../../../../tests/golden-tensors.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { applyIntervention, findSae, lowerEdits, openSae, type SaeFile } from '../index.js'

const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const names = readdirSync(fixturePath('golden/steering'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -5))

const opened: SaeFile[] = []
afterAll(async () => {
  await Promise.all(opened.map((sae) => sae.close()))
})

describe.each(names)('edits on %s', (name) => {
  const golden = fixtureJson(`golden/steering/${name}.json`)
  const tensors = readGoldenTensors(`golden/steering/${name}.safetensors`)
  let opening: Promise<SaeFile> | null = null
  const open = () => {
    opening ??= openSae(findSae(golden.release, golden.sae_id), { env }).then((sae) => {
      opened.push(sae)
      // the goldens' activations are taken as they are
      return { ...sae, config: { ...sae.config, centreInput: false } }
    })
    return opening
  }

  it.each(golden.cases as GoldenCase[])('$key', async (item) => {
    const sae = await open()
    const [intervention] = await lowerEdits(goldenEdits(sae, item), { semantics: item.semantics })
    const actual = applyIntervention(tensors.get('x')!, intervention!, sae.config.dIn)
    const expected = tensors.get(item.key)!
    expectClose(actual, expected, item.semantics === 'direct' ? tolerance.sae : tolerance.saeReplacement, item.key)
  })
})
