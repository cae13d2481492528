// Packs SAELens' registry into src/registry/registry.data.json and prints what changed in it:
//   node packages/sae-core/scripts/build-registry.mjs REGISTRY [OUT]
// REGISTRY is sae_lens/pretrained_saes.yaml of SAELens' wheel or repository, or the same facts as a JSON array (fixtures/sae-registry.json).
// One line a release, one array an SAE, trailing absent fields left out, so that a diff of the file shows what changed too.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { load } from 'js-yaml'

const [input, out = new URL('../src/registry/registry.data.json', import.meta.url)] = process.argv.slice(2)
const text = readFileSync(input, 'utf8')
const releases = input.endsWith('.yaml')
  ? Object.entries(load(text)).map(([release, fields]) => ({ release, ...fields }))
  : JSON.parse(text)

const packed = releases.map((release) => {
  // one release of SAELens holds a copy of itself as its last item
  const listed = release.saes.filter((sae) => sae.id !== undefined)
  const saes = listed.map((sae) => {
    const row = [
      sae.id,
      sae.path === sae.id ? 0 : String(sae.path),
      sae.neuronpedia ?? 0,
      sae.norm_scaling_factor ?? 0,
      sae.l0 ?? 0,
      sae.variance_explained ?? 0,
    ]
    while (row.at(-1) === 0) row.pop()
    return row
  })
  const overrides = release.config_overrides ? { overrides: release.config_overrides } : {}
  return {
    release: release.release,
    repository: release.repo_id,
    model: release.model,
    loader: release.conversion_func ?? 'sae_lens',
    ...overrides,
    saes,
  }
})

const before = new Map((existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : []).map((old) => [old.release, old]))
const after = new Map(packed.map((release) => [release.release, release]))
const lines = []
for (const [name, release] of after) {
  const old = before.get(name)
  if (old === undefined)
    lines.push(`+ ${name}: ${release.saes.length} SAEs of ${release.model}, format ${release.loader}`)
  else lines.push(...changes(name, old, release))
}
for (const name of before.keys()) if (!after.has(name)) lines.push(`- ${name}`)
console.log(lines.length === 0 ? 'nothing changed' : lines.join('\n'))
writeFileSync(out, `[\n${packed.map((release) => JSON.stringify(release)).join(',\n')}\n]\n`)

/** What a release has otherwise than before: its fields, and SAEs by id. */
function changes(name, { saes: oldSaes, ...old }, { saes, ...fields }) {
  const byId = (rows) => new Map(rows.map(([id, ...row]) => [id, JSON.stringify(row)]))
  const [was, is] = [byId(oldSaes), byId(saes)]
  const kinds = {
    'new SAEs': [...is.keys()].filter((id) => !was.has(id)),
    'SAEs gone': [...was.keys()].filter((id) => !is.has(id)),
    'SAEs changed': [...is.keys()].filter((id) => was.has(id) && was.get(id) !== is.get(id)),
  }
  const found = Object.entries(kinds).filter(([, ids]) => ids.length > 0)
  const told = found.map(
    ([kind, ids]) => `${ids.length} ${kind} (${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''})`,
  )
  const keys = [...new Set([...Object.keys(old), ...Object.keys(fields)])]
  for (const key of keys)
    if (JSON.stringify(old[key]) !== JSON.stringify(fields[key]))
      told.push(`${key} ${JSON.stringify(old[key])} is now ${JSON.stringify(fields[key])}`)
  return told.length === 0 ? [] : [`* ${name}: ${told.join('; ')}`]
}
