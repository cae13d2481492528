// Packs the facts about SAELens' releases (a JSON array as SAELens' own registry lists them) into src/registry/registry.data.json:
//   node packages/sae-core/scripts/build-registry.mjs fixtures/sae-registry.json
// One line a release, one array an SAE, trailing absent fields left out, so that a diff of the file shows what changed.
import { readFileSync, writeFileSync } from 'node:fs'

const releases = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const lines = releases.map((release) => {
  const saes = release.saes.map((sae) => {
    const row = [
      sae.id,
      sae.path === sae.id ? 0 : sae.path,
      sae.neuronpedia ?? 0,
      sae.norm_scaling_factor ?? 0,
      sae.l0 ?? 0,
      sae.variance_explained ?? 0,
    ]
    while (row.at(-1) === 0) row.pop()
    return row
  })
  const overrides = release.config_overrides ? { overrides: release.config_overrides } : {}
  return JSON.stringify({
    release: release.release,
    repository: release.repo_id,
    model: release.model,
    loader: release.conversion_func ?? 'sae_lens',
    ...overrides,
    saes,
  })
})
writeFileSync(new URL('../src/registry/registry.data.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`)
