import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { InputError } from '@saeval/hub'
import type { SaeFile } from '@saeval/sae-core'
import { lowerChecked } from '@saeval/sae-core/internal/edits/lower-edits'
import { describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { checkModel, closeEdits, openEdits } from './open-edits.js'
import { readSteeringFile } from './read-steering-file.js'

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

  it('is a repository in a folder that is called as it is', () => {
    const models = temporaryFolder()
    for (const name of ['gemma-2-2b', 'GPT2-small', 'gemma-2-9b']) mkdirSync(join(models, name))
    for (const model of ['google/gemma-2-2b', 'gemma-2-2b'])
      expect(check(madeFor(model), join(models, 'gemma-2-2b', '/'))).not.toThrow()
    expect(check(madeFor('openai-community/gpt2'), join(models, 'GPT2-small'))).not.toThrow()
    expect(check(madeFor('google/gemma-2-2b'), join(models, 'gemma-2-9b'))).toThrow('made for google/gemma-2-2b')
    expect(check(madeFor('google/gemma-2-2b'), 'nowhere/gemma-2-2b')).toThrow('made for google/gemma-2-2b')
  })

  it('is no other folder, nor a path that is not there', () => {
    const other = join(temporaryFolder(), 'my-examples', 'demo', 'model')
    mkdirSync(other, { recursive: true })
    for (const baseName of [other, join(demoFolder, 'saes'), '/nowhere/examples/demo/model'])
      expect(check(demo, baseName)).toThrow('the SAE was made for examples/demo/model, not for')
  })
})

describe('the SAEs of rows', () => {
  it('are one by whatever names, so that its rows read the same x', async () => {
    const folder = temporaryFolder()
    const saes = join(demoFolder, 'saes')
    symlinkSync(saes, join(folder, 'linked'))
    const id = 'layer_2'
    const names = [
      [saes, id],
      [`${relative('.', saes)}/`, `./${id}`],
      [join(folder, 'linked'), `${id}/`],
      [demoFolder, `saes/${id}`],
      [saes, 'layer_3'],
    ]
    const path = join(folder, 'steer.csv')
    const rows = names.map(([release, id], latent) => `${latent},2,${release},${id},clamp\n`).join('')
    writeFileSync(path, `latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n${rows}`)
    const options = { baseName: 'examples/demo/model', allowOtherModel: false, semantics: 'direct', hub: {} } as const
    const opened = await openEdits(await readSteeringFile(path), options)
    const stages = await lowerChecked(opened.map(({ edit }) => edit))
    expect(stages.map((at) => at.stages.map(({ readers }) => readers[0]!.slots.length))).toEqual([[4], [1]])
    await closeEdits(opened)
  })
})
