import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import type { SaeFile } from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { checkModel } from './open-edits.js'

const madeFor = (modelName: string) => ({ config: { modelName }, reference: { model: null } }) as SaeFile
const check = (sae: SaeFile, baseName: string) => () =>
  checkModel(sae, { baseName, allowOtherModel: false }, (message) => new InputError(message))

describe('the model of an SAE', () => {
  const demo = madeFor('examples/demo/model')

  it('is the one of its name, and of a folder whose path ends with it', () => {
    for (const baseName of ['examples/demo/model', join(demoFolder, 'model')])
      expect(check(demo, baseName)).not.toThrow()
    const folder = join(temporaryFolder(), 'google', 'gemma-2-2b')
    mkdirSync(folder, { recursive: true })
    expect(check(madeFor('google/gemma-2-2b'), folder)).not.toThrow()
  })

  it('is no other folder, nor a path that is not there', () => {
    const other = join(temporaryFolder(), 'my-examples', 'demo', 'model')
    mkdirSync(other, { recursive: true })
    for (const baseName of [other, join(demoFolder, 'saes'), '/nowhere/examples/demo/model'])
      expect(check(demo, baseName)).toThrow('the SAE was made for examples/demo/model, not for')
  })
})
