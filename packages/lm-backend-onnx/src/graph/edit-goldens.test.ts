import { readdirSync } from 'node:fs'
import { findSae, type Intervention, lowerEdits, openSae, type SaeFile } from '@saeval/sae-core'
import { afterAll, describe, expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { fixtureJson, fixturePath } from '../../../../tests/fixtures.js'
import { type GoldenCase, goldenEdits } from '../../../../tests/golden-edits.js'
import { readGoldenTensors } from '../../../../tests/golden-tensors.js'
import { testDevice } from '../../../../tests/test-device.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { type GraphForm, webgpuForm } from './graph-form.js'
import { at, deviceForm, expectActs, runGraph } from './run-edits.testing.js'

const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const names = readdirSync(fixturePath('golden/steering'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -5))

const opened: SaeFile[] = []
afterAll(async () => {
  await Promise.all(opened.map((sae) => sae.close()))
})

// on the CPU the form of devices, too
const forms: [string, GraphForm][] = [
  [testDevice, deviceForm],
  ...(testDevice === 'cpu' ? [['devices', webgpuForm] as [string, GraphForm]] : []),
]

describe.each(names)('the graph edits %s', (name) => {
  const golden = fixtureJson(`golden/steering/${name}.json`)
  const tensors = readGoldenTensors(`golden/steering/${name}.safetensors`)
  const cases = golden.cases as GoldenCase[]

  const kinds = (['direct', 'pr2641', 'fork'] as const).flatMap((semantics) =>
    forms.map(([name, form]) => [semantics, name, form] as const),
  )
  it.each(kinds)(
    'as SAELens, all cases of semantics %s in one batch, in the form for %s',
    async (semantics, _, form) => {
      const file = await openSae(findSae(golden.release, golden.sae_id), { env })
      opened.push(file)
      const sae = { ...file, config: { ...file.config, centreInput: false } }
      const own = cases.filter((item) => item.semantics === semantics)
      const settings: Intervention[][] = [[]]
      for (const item of own) {
        const [intervention] = await lowerEdits(goldenEdits(sae, item), { semantics })
        settings.push([{ ...intervention!, hookPoint: at }])
      }
      const x = tensors.get('x')!
      const [plain, ...edited] = await runGraph(x, new Map([[at, sae.config.dIn]]), settings, { form })
      // a row without edits is not touched by its neighbours
      expect(plain!.values).toEqual(x)
      own.forEach((item, index) => {
        expectClose(
          edited[index]!.values,
          tensors.get(item.key)!,
          semantics === 'direct' ? tolerance.sae : tolerance.saeReplacement,
          item.key,
        )
        expectActs(edited[index]!, x, settings[index + 1]![0]!, sae.config.dIn)
      })
    },
  )
})
