import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { type FakeUploadHub, startFakeUploadHub } from '../../../hub/src/fake-upload-hub.testing.js'
import { runCommand } from '../run.testing.js'

const token = 'hf_secretsecret'
let hub: FakeUploadHub
beforeAll(async () => {
  hub = await startFakeUploadHub(token)
})
afterAll(() => hub.close())

async function run(log: string, more: readonly string[] = [], env: Record<string, string> = { HF_TOKEN: token }) {
  const output = temporaryFolder()
  const result = await runCommand(
    [
      ...['run', '--model_args', 'pretrained=examples/demo/model', '--include_path', 'examples/demo/tasks', '-L', '2'],
      ...['-t', 'demo_stories,demo_dogs', '--device', 'cpu', '-o', output, '--hf_hub_log_args', log, ...more],
    ],
    { HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '', HF_HOME: temporaryFolder(), HF_TOKEN: '', ...env },
  )
  const folder = join(output, 'examples__demo__model')
  return { ...result, folder, names: result.code === 0 ? readdirSync(folder).sort() : [] }
}

describe('--hf_hub_log_args', () => {
  it('pushes results and samples where and as lm_eval does', async () => {
    const { code, stderr, folder, names } = await run(
      'push_results_to_hub=True,push_samples_to_hub=True,details_repo_name=details,results_repo_name=results,gated=True,point_of_contact=me@x.y',
      ['-s'],
    )
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).toContain('pushed to the Hugging Face Hub: me/results-private, me/details-private')
    const local = (name: string) => readFileSync(join(folder, name), 'utf8')
    const file = names.find((name) => name.startsWith('results_'))!
    const results = hub.repositories.get('me/results-private')!
    expect(results).toMatchObject({ isPrivate: true, gated: null })
    expect([...results.files]).toEqual([[`examples/demo/model/${file}`, local(file)]])
    expect(results.commits).toEqual(['Adding aggregated results for examples/demo/model'])
    const details = hub.repositories.get('me/details-private')!
    expect(details).toMatchObject({ isPrivate: true, gated: 'auto' })
    expect(details.commits).toEqual([
      'Adding samples results for demo_stories to examples/demo/model',
      'Adding samples results for demo_dogs to examples/demo/model',
      'Upload README.md with huggingface_hub',
    ])
    const { 'README.md': card, ...pushed } = Object.fromEntries(details.files)
    expect(pushed).toEqual(Object.fromEntries(names.map((name) => [`examples__demo__model/${name}`, local(name)])))
    expect(card).toContain('config_name: "examples__demo__model__demo_dogs"')
    expect(card).toContain('point_of_contact: "me@x.y"')
  })

  it('pushes again, in public, with a token that nobody sees', async () => {
    const log = `push_results_to_hub=True,public_repo=True,hub_results_org=we,token=${token}`
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr, folder, names } = await run(log, ['--show_config'], {})
      expect(code).toBe(0)
      expect(stdout + stderr + names.map((name) => readFileSync(join(folder, name), 'utf8')).join()).not.toContain(
        token,
      )
    }
    const repository = hub.repositories.get('we/lm-eval-results')!
    expect(repository.isPrivate).toBe(false)
    expect([...repository.files.keys()].filter((path) => path.startsWith('examples/demo/model/results_'))).toHaveLength(
      2,
    )
    expect([...repository.files.values()].join()).not.toContain(token)
  })

  it.each<[string, string[], Record<string, string>, string]>([
    ['push_results_to_hub=True', [], {}, 'needs a token; set HF_TOKEN'],
    ['push_results_to_hub=True', [], { HF_TOKEN: 'hf_wrong' }, 'may not be read'],
    ['push_samples_to_hub=True', [], { HF_TOKEN: token }, 'push_samples_to_hub needs --log_samples'],
    ['hub_results_org=we', [], { HF_TOKEN: token }, 'nothing is pushed without push_results_to_hub=True'],
    ['push_result_to_hub=True', [], { HF_TOKEN: token }, 'did you mean "push_results_to_hub"'],
    ['push_results_to_hub=True', [], { HF_TOKEN: token, HF_HUB_OFFLINE: '1' }, 'HF_HUB_OFFLINE is set'],
  ])('refuses %s before the run (%#)', async (log, more, env, message) => {
    const { code, stderr } = await run(log, more, env)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
    expect(stderr).not.toContain(env.HF_TOKEN ?? token)
  })
})
