import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyHfHome, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'
import { loadPlugins } from './load-plugins.js'

const folder = temporaryFolder()
const write = (name: string, code: string) => {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, code)
  return path
}

describe('--plugin', () => {
  it('lists what a module brought, and takes it once', async () => {
    const path = write(
      'all.mjs',
      `export const register = async ({ registerModel, registerMetric, registerFilter, registerAggregation, registerSaeLoader }) => {
        registerModel('all-model', async () => null)
        registerMetric('all-metric', { score: () => 1 })
        registerFilter('all-filter', { apply: ({ answers }) => answers })
        registerAggregation('all-aggregation', { aggregate: () => 1 })
        registerSaeLoader('all-format', { recognises: async () => false, load: async () => null })
      }`,
    )
    const { code, stdout } = await runCommand(['ls', 'plugins', '--plugin', path, path])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      / {2}model all-model\n {2}metric all-metric\n {2}filter all-filter\n {2}aggregation all-aggregation\n {2}SAE format all-format\n$/,
    )
    for (const [what, name] of Object.entries({
      models: 'model',
      metrics: 'metric',
      filters: 'filter',
      sae_formats: 'format',
    }))
      expect((await runCommand(['ls', what])).stdout.split('\n')).toContain(`all-${name}`)
  })

  it('takes packages that are found from the folder', async () => {
    write(
      'node_modules/my-pack/package.json',
      '{ "name": "my-pack", "version": "1.2.3", "exports": { "import": "./in/index.js" }, "type": "module" }',
    )
    write(
      'node_modules/my-pack/in/index.js',
      `export default ({ registerMetric }) => registerMetric('packed', { score: () => 1 })`,
    )
    await loadPlugins(['my-pack'], folder)
    expect((await runCommand(['ls', 'plugins'])).stdout).toContain('my-pack 1.2.3  (sha256 ')
  })

  it.each([
    ['throws.mjs', 'throw new Error("boom\\nand more")', /cannot be loaded: boom$/],
    ['syntax.mjs', 'export default (', /cannot be loaded: /],
    ['nothing.mjs', 'export const other = 1', /exports no function, neither by default nor as "register"$/],
    ['idle.mjs', 'export default () => {}', /registers nothing$/],
    [
      'twice.mjs',
      'export default ({ registerModel: r }) => r("hf", async () => null)',
      /model "hf" is registered already$/,
    ],
    [
      'metric.mjs',
      'export default ({ registerMetric: r }) => r("acc", { score: () => 1 })',
      /metric "acc" is registered already$/,
    ],
    [
      'filter.mjs',
      'export default ({ registerFilter: r }) => r("take_first", { apply: () => 1 })',
      /filter "take_first" is registered already$/,
    ],
    [
      'format.mjs',
      'export default ({ registerSaeLoader: r }) => r("sae_lens", {})',
      /SAE loader "sae_lens" is registered already$/,
    ],
    [
      'mean.mjs',
      'export default ({ registerAggregation: r }) => r("mean", {})',
      /aggregation "mean" is registered already$/,
    ],
    ['no-score.mjs', 'export default ({ registerMetric: r }) => r("mine")', /metric "mine" has no score/],
    ['nameless.mjs', 'export default ({ registerMetric: r }) => r({})', /a metric is registered without a name$/],
  ])('says in one sentence what is wrong with %s', async (name, source, message) => {
    const { code, stderr } = await runCommand(['ls', 'models', '--plugin', write(name, source)])
    expect(code).toBe(2)
    expect(stderr.trimEnd()).toMatch(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it.each([
    ['./missing.js', 'there is no such file'],
    ['no-such-package', 'neither a file nor a package'],
    [folder, 'is a folder'],
  ])('says that %s is not there', async (word, message) => {
    const { code, stderr } = await runCommand(['ls', 'models', '--plugin', word])
    expect([code, stderr.split('\n').length]).toEqual([2, 2])
    expect(stderr).toContain(message)
  })

  it('brings metrics, aggregations and filters into a run, from a config file beside it', async () => {
    write(
      'scoring.mjs',
      `export default ({ registerMetric, registerAggregation, registerModel }) => {
        registerMetric('gap', { aggregation: 'widest', settings: ['factor'], score: ({ results }, { factor }) => factor * (results[0].logprob - results[1].logprob) })
        registerAggregation('widest', { aggregate: (values) => Math.max(...values) })
        registerModel('falling', async () => ({
          info: { numParameters: 0, dtype: '', revision: '', sha: '', maxLength: 9, padToken: null, eosToken: null, bosToken: null, eotTokenId: null, batchSizes: [], provenance: {} },
          chatTemplate: null,
          read: async (requests) => ({ answer: async (indices) => indices.map((index) => ({ logprob: -(index % 2), isGreedy: false })) }),
          close: async () => {},
        }))
      }`,
    )
    write('docs.jsonl', '{"q": "a"}\n{"q": "b"}\n')
    const task = write(
      'gap.yaml',
      `task: gap_task
dataset_path: json
dataset_kwargs: { data_files: ${join(folder, 'docs.jsonl')} }
test_split: train
output_type: multiple_choice
doc_to_text: '{{q}}'
doc_to_choice: ['x', 'y']
doc_to_target: 0
metric_list: [{ metric: acc }, { metric: gap, factor: 3 }]
`,
    )
    const config = write(
      'run.yaml',
      `plugin: [scoring.mjs]\nmodel: falling\ntasks: ${task}\noutput_path: ${join(folder, 'out.json')}\n`,
    )
    const { code, stdout, stderr } = await runCommand(['run', '--config', config], { HF_HOME: copyHfHome([]) })
    expect([code, stderr.includes('saeval:')]).toEqual([0, false])
    expect(stdout).toMatch(/\|none +\| +0\|gap +\|↑ +\| +3\|/)
    const wrong = write('wrong.yaml', readFileSync(task, 'utf8').replace('factor: 3', 'factr: 3'))
    const refused = await runCommand(['run', '--config', config, '--tasks', wrong], { HF_HOME: copyHfHome([]) })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('metric_list.gap.factr is not a setting of a metric; did you mean "factor"?')
  })
})
