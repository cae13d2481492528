import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findSae, lowerEdits, openSae } from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../../tests/fixtures.js'
import { vectorFromSae } from '../../making/make-vectors.js'
import { readVectors } from '../vector-formats.js'
import { convertVectors, writeVectors } from './write-vectors.js'

const folder = temporaryFolder()
const release = join(demoFolder, 'saes')
const id = 'layer_3'
const hub = { env: {} }
const head = 'latent_idx,steering_coefficient,sae_release,sae_id,hook_action'

function written(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const rows = (...cells: string[]) =>
  written('rows.csv', `${head}\n${cells.map((row) => row.replace('SAE', `${release},${id}`)).join('\n')}\n`)
const convert = (input: string, output: string) =>
  convertVectors({ input, output: join(folder, output), to: null, modelType: 'gemma2', layers: null, scale: 1, hub })
const read = (path: string) =>
  readVectors(join(folder, path), { baseName: null, allowOtherModel: true, layers: null, hub })

describe('rows of a steering CSV', () => {
  it('that add are one vector, summed as in a run', async () => {
    await convert(rows('121,2,SAE,add', '3,-0.5,SAE,add'), 'sum.gguf')
    const { entries } = await read('sum.gguf')
    const sae = await openSae(findSae(release, id), hub)
    const edit = (latent: number, coefficient: number) => ({ sae, action: 'add' as const, latent, coefficient })
    const [lowered] = await lowerEdits([edit(121, 2), edit(3, -0.5)])
    await sae.close()
    expect(entries.map(({ hookpoint }) => hookpoint)).toEqual(['layers.3'])
    expect(entries[0]!.change).toEqual({ action: 'add', vector: lowered!.stages[0]!.addend, coefficient: 1 })
  })

  it('are written for the same rows', async () => {
    const cells = ['121,2,SAE,project_scale', '3,-0.5,SAE,project_cap']
    await convert(rows(...cells), 'again.csv')
    expect(readFileSync(join(folder, 'again.csv'), 'utf8')).toBe(readFileSync(join(folder, 'rows.csv'), 'utf8'))
    const steered = `loader,action,sparse_model,hookpoint,feature_index,steering_coefficient,sae_id,description\nsae_lens,clamp,${release},,121,7,${id},dogs\n`
    await convert(written('steered.csv', steered), 'beta.csv')
    expect(readFileSync(join(folder, 'beta.csv'), 'utf8')).toBe(
      `latent_idx,steering_coefficient,sae_release,sae_id,hook_action,description,origin\n121,7,${release},${id},project_clamp,dogs,b_dec\n`,
    )
  })

  it('are written for the decoder rows of a vector', async () => {
    const sae = findSae(release, id)
    const { file } = await vectorFromSae({ sae, latents: [121, 3], weights: [2, -0.5], hub })
    const output = join(folder, 'from-sae.csv')
    writeVectors(file, { output, to: null, modelType: null })
    await convert(output, 'from-sae.safetensors')
    const { entries } = await read('from-sae.safetensors')
    expect(entries[0]!.change).toEqual(file.entries[0]!.change)
  })

  it.each([
    ['clamp', ['121,2,SAE,clamp'], 'rows.csv:2, column hook_action: clamp reads a latent, which no vector does'],
    [
      'project_clamp beside add',
      ['121,2,SAE,add', '3,2,SAE,project_clamp'],
      'rows.csv:3, column hook_action: the row is no vector: add and project_clamp at blocks.3.hook_resid_post',
    ],
  ])('with %s are refused', async (_, cells, message) => {
    await expect(convert(rows(...cells), 'no.safetensors')).rejects.toThrow(message)
  })

  it('keep their descriptions and their positions', async () => {
    const header = `${head},description,positions`
    const text = `${header}\n${['121,2,SAE,add,dogs,', '3,1,SAE,add,cats,', '7,2,SAE,add,,prompt'].map((row) => row.replace('SAE', `${release},${id}`)).join('\n')}\n`
    await convert(written('told.csv', text), 'told-again.csv')
    expect(readFileSync(join(folder, 'told-again.csv'), 'utf8')).toBe(text)
  })

  it('at one place by two names are refused', async () => {
    const rest = `${release},layers.3,121,7,${id}`
    const clamp = `sae_lens,clamp,${release},,121,7,${id}`
    const steered = `loader,action,sparse_model,hookpoint,feature_index,steering_coefficient,sae_id\nsae_lens,add,${rest}\n${clamp}\n`
    await expect(convert(written('two.csv', steered), 'two-beta.csv')).rejects.toThrow('add and project_clamp at')
  })

  it('are for sae_steered_beta when a model runs', async () => {
    rows('121,2,SAE,add')
    await expect(read('rows.csv')).rejects.toThrow('the columns are those of the model "sae_steered_beta"')
  })
})
