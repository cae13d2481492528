import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { writeRun } from '../../../report/src/results/fake-sweep.testing.js'
import { openFolder } from '../ui-folder.js'
import { comparePage } from './compare-page.js'

it('says which run edits which latents', async () => {
  const folder = temporaryFolder()
  const steered = (name: string, latent: number | null) => {
    const args = latent === null ? { pretrained: 'tiny' } : { base_name: 'tiny', csv_path: 'x.csv' }
    const path = writeRun(join(folder, name), args, { dogs: [1, 0] })
    if (latent === null) return
    const row = { latent_idx: latent, steering_coefficient: 5, sae_release: 'saes', sae_id: 'layer_1' }
    const file = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, JSON.stringify({ ...file, saeval: { steering: { rows: [row] } } }))
  }
  steered('plain', null)
  steered('one', 7)
  steered('two', 11)
  const edited = async (a: string, b: string) => {
    const name = (run: string) => `${run}/results_2026-01-02T03-04-05.000006.json`
    const html = await comparePage(openFolder({ folder }).view(), new URLSearchParams({ a: name(a), b: name(b) }))
    const [table = ''] = /id="edited-latents".*?<\/table>/s.exec(html) ?? []
    return [...table.matchAll(/<tr role="row">(.*?)<\/tr>/gs)].map(([, row]) =>
      [...row!.matchAll(/<span>([^<]*)<\/span>/g)]
        .map(([, text]) => text!)
        .slice(0, 2)
        .join(': '),
    )
  }
  expect(await edited('one', 'two')).toEqual(['latent: edited by', 'latent 7: latent 7', 'latent 11: latent 11'])
  expect(await edited('plain', 'two')).toEqual(['latent: description', 'latent 11: –'])
})
