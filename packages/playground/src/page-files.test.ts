import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { largestInFolder, largestModel, pageFiles } from './page-files.js'

const model = fileURLToPath(new URL('../../../examples/demo/model', import.meta.url))

it('refuses a model that the page could not hold', async () => {
  expect(largestInFolder).toBe(largestModel / 4)
  await expect(pageFiles({ model, saes: [], largest: 1e6 })).rejects.toThrow(
    /in float32, and such a page holds models of up to 1 MB/,
  )
  expect(Object.keys(await pageFiles({ model, saes: [] }))).toContain(`${model}/config.json`)
})
