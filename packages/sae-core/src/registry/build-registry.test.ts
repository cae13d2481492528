import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fixturePath, needsFixture, repository, temporaryFolder } from '../../../../tests/fixtures.js'

const script = join(repository, 'packages/sae-core/scripts/build-registry.mjs')
const packed = join(repository, 'packages/sae-core/src/registry/registry.data.json')
const build = (input: string, out: string) => execFileSync(process.execPath, [script, input, out], { encoding: 'utf8' })

it("packs SAELens' registry and says what changed", () => {
  const folder = temporaryFolder()
  const [yaml, out] = [join(folder, 'pretrained_saes.yaml'), join(folder, 'out.json')]
  const old = [
    { release: 'gone', repository: 'a/gone', model: 'm', loader: 'sae_lens', saes: [['x']] },
    { release: 'kept', repository: 'a/kept', model: 'm', loader: 'sae_lens', saes: [['x'], ['y', 'p/y']] },
    { release: 'same', repository: 'a/same', model: 'm', loader: 'gemma_2', saes: [['0', '7', 0, 1.5]] },
  ]
  writeFileSync(out, JSON.stringify(old))
  writeFileSync(
    yaml,
    `kept:
  repo_id: a/moved
  model: m
  saes:
  - {id: y, path: p/y, l0: 12}
  - {id: z, path: z, neuronpedia: m/3-z}
  - {kept: {repo_id: a/kept}}
same:
  repo_id: a/same
  model: m
  conversion_func: gemma_2
  saes:
  - {id: '0', path: 7, norm_scaling_factor: 1.5}
added:
  repo_id: a/added
  model: n
  config_overrides: {context_size: 8}
  saes:
  - {id: x, path: x}
`,
  )
  expect(build(yaml, out).trim().split('\n')).toEqual([
    '* kept: 1 new SAEs (z); 1 SAEs gone (x); 1 SAEs changed (y); repository "a/kept" is now "a/moved"',
    '+ added: 1 SAEs of n, format sae_lens',
    '- gone',
  ])
  expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual([
    {
      ...{ release: 'kept', repository: 'a/moved', model: 'm', loader: 'sae_lens' },
      saes: [
        ['y', 'p/y', 0, 0, 12],
        ['z', 0, 'm/3-z'],
      ],
    },
    old[2],
    {
      ...{ release: 'added', repository: 'a/added', model: 'n', loader: 'sae_lens', overrides: { context_size: 8 } },
      saes: [['x']],
    },
  ])
  expect(build(yaml, out).trim()).toBe('nothing changed')
})

it('packs the facts that this package has to what it has', needsFixture('sae-registry.json'), () => {
  const out = join(temporaryFolder(), 'out.json')
  copyFileSync(packed, out)
  expect(build(fixturePath('sae-registry.json'), out).trim()).toBe('nothing changed')
  expect(readFileSync(out, 'utf8')).toBe(readFileSync(packed, 'utf8'))
})
