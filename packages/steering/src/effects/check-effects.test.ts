import type { SteerableModel } from '@saeval/language-model'
import { expect, it } from 'vitest'
import { checkEffects } from './check-effects.js'

it('no rows are no steering', async () => {
  const trial = { path: 'none.gguf', rows: [], together: [], without: [], zero: [] }
  for (const allowInert of [false, true])
    await expect(checkEffects({ info: {} } as SteerableModel, trial, allowInert)).rejects.toThrow(
      'none.gguf has no row: nothing would be steered',
    )
})
