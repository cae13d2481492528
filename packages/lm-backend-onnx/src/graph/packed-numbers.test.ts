import { addStage, type Intervention, lowerEdits } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { randomSae } from '../../../../tests/random-sae.js'
import { jointShape } from './edit-shape.js'
import { cpuForm } from './graph-form.js'
import { packEdits } from './pack-edits.js'
import { packedNumbers } from './packed-numbers.js'

const width = 64
const points = ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']
const widths = new Map(points.map((point) => [point, width]))

it('are about those that are packed for each row, however different the settings are', async () => {
  const clamps = (hookPoint: string, latents: readonly number[]) => {
    const sae = randomSae(3, { architecture: 'standard', dIn: width, hookPoint })
    return lowerEdits(latents.map((latent) => ({ sae, action: 'clamp' as const, latent, coefficient: 5 })))
  }
  const adding: Intervention[] = [{ hookPoint: points[0]!, stages: [addStage(new Float32Array(width).fill(1))] }]
  const settings = [[], adding, await clamps(points[0]!, [1, 2, 3, 4, 5]), await clamps(points[1]!, [6])]
  for (const some of [settings, settings.slice(0, 2), settings.slice(2), settings.slice(3)]) {
    const { feeds } = packEdits(jointShape(some), widths, some, cpuForm)
    const packed = [...feeds.values()].reduce((sum, { data }) => sum + data.length, 0) / some.length
    expect(packedNumbers(some)).toBeLessThanOrEqual(packed)
    expect(packedNumbers(some)).toBeGreaterThan(0.8 * packed)
  }
})
