import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import type { Intervention } from '@saeval/sae-core'
import type { CheckResult } from '@saeval/steering'
import { type CsvSteering, openCsvSteering, readSteeringFile, verifyDevice, verifySteering } from '@saeval/steering'
import { subjectOf } from '@saeval/steering/internal/verify/subject'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixturePath, hfHomeOf, needsModel, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const folder = temporaryFolder()
function csv(name: string, rows: readonly string[], columns = ''): string {
  const path = join(folder, name)
  writeFileSync(path, `latent_idx,steering_coefficient,sae_release,sae_id,hook_action${columns}\n${rows.join('\n')}\n`)
  return path
}
const low = 'gemma-scope-2b-pt-res-canonical,layer_12/width_16k/canonical'
const high = 'gemma-scope-2b-pt-res-canonical,layer_20/width_16k/canonical'
const gpt2 = 'gpt2-small-res-jb,blocks.2.hook_resid_pre'
const base = 'examples/demo/model'
const demo = 'examples/demo/saes,layer_3'
const verify = (base: string, path: string, ...more: string[]) =>
  runCommand(['verify', '-a', `base_name=${base},csv_path=${path}`, '--device', 'cpu', ...more], env)

describe('saeval verify', () => {
  it('passes rows of several kinds, layers and positions', async () => {
    const path = csv(
      'many.csv',
      [
        `33,6,${low},add,,bos`,
        `71,4,${low},add_latent,,`,
        `12082,30,${high},add,generated,`,
        `15864,9,${high},clamp,1:4 -2:,`,
        `12082,3,${high},project_clamp,last_prompt,`,
      ],
      ',positions,skip_positions',
    )
    const { code, stdout } = await verify('google/gemma-2-2b', path, '--json')
    const { passed, checks } = JSON.parse(stdout) as { passed: boolean; checks: CheckResult[] }
    expect(checks.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    expect([code, passed, checks.length]).toEqual([0, true, 9])
    for (const { deviation, allowed } of checks) expect(deviation).toBeLessThanOrEqual(allowed!)
  })

  it('passes latents that write to several layers', async () => {
    const scope = 'fixture/scope-gpt2'
    const layer = (at: number) => `crosscoder/layer_0_2_3_width_24_l0_small/params_layer_${at}`
    const path = csv('several.csv', [`5,4,${scope},${layer(0)},clamp`, `7,3,${scope},${layer(1)},scale`])
    const here = { HF_HOME: hfHomeOf('fixture/gpt2'), HF_HUB_OFFLINE: '1' }
    const args = ['verify', '-a', `base_name=fixture/gpt2,csv_path=${path}`, '--device', 'cpu']
    const { code, stdout } = await runCommand(args, here)
    // no row adds, so one check has nothing to look at
    expect([code, stdout.match(/^ok {14}/gm)?.length]).toEqual([0, 8])
    expect(stdout).toContain('at blocks.0.hook_resid_post, blocks.2.hook_resid_post, blocks.3.hook_resid_post')
  })

  const whole = needsModel('openai-community/gpt2')
  it.each(['pr2641', 'fork'])('passes semantics %s, and says what does not apply', whole, async (semantics) => {
    const path = csv('gpt2.csv', [`17,8,${gpt2},clamp`])
    const { code, stdout } = await verify('openai-community/gpt2', path, '-a', `semantics=${semantics}`)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^not applicable {2}adding with coefficient 0/)])
    expect(stdout.match(/^ok {14}/gm)).toHaveLength(7)
    expect(stdout).toContain('gpt2.csv:2: clamp latent 17 to 8')
  })

  it('takes either answer where rounding decides whether a latent is active', async () => {
    // on the own text, a latent of the layer 20 SAE is within 1e-6 of its threshold
    const path = csv('saeReplacement.csv', [`12082,18,${high},add`])
    const { code, stdout } = await verify('google/gemma-2-2b', path, '-a', 'semantics=pr2641')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok {14}each row changes/m)])
  })

  const vectors = (file: string, more = '') => {
    const path = fixturePath(`golden/vectors/${file}`)
    const args = ['--model', 'steered', '-a', `pretrained=${base},steer_path=${path}${more}`]
    return runCommand(['verify', ...args, '--device', 'cpu', '--text', 'Long ago there was a dog.'], env)
  }
  it('passes vectors', async () => {
    const { code, stdout } = await vectors('one.safetensors', ',layers=2')
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/one\.safetensors: add 1 x .*, at blocks\.2\.hook_resid_post/),
    ])
    expect(stdout).toMatch(/^ok {14}each row changes its hook point as its formula says/m)
    expect(stdout).toMatch(/^ok {14}scores are those of the unsteered model/m)
  })

  it('fails vectors that change nothing, and names them', async () => {
    const { code, stdout } = await vectors('one.safetensors', ',layers=2,scale=0')
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^FAILED .*formula/m)])
    expect(stdout).toMatch(/one\.safetensors:.*: add 0 of .* changes nothing at blocks\.2/)
  })

  it('fails a row that changes nothing, and names its line', async () => {
    const path = csv('inert.csv', [`12082,30,${high},add`, `12082,1,${high},scale`])
    const { code, stdout, stderr } = await verify('google/gemma-2-2b', path)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^saeval: 1 of 9 checks failed$/m)])
    expect(stdout).toMatch(/^FAILED .*formula/m)
    expect(stdout).toMatch(/inert\.csv:3: scale 1 of latent 12082 changes nothing at blocks\.20\.hook_resid_post/)
  })

  it.each([
    [['--text', 'a'], '--text has 2 tokens'],
    [['--text', 'dog '.repeat(300)], 'more than there is room for'],
    [['-a', 'csv_path=none.csv'], 'cannot read csv_path none.csv'],
  ])('says what is wrong (%#)', async (more, message) => {
    const { code, stderr } = await verify('google/gemma-2-2b', csv('plain.csv', [`12082,30,${high},add`]), ...more)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})

describe('a model that steers wrongly fails', () => {
  let model: OnnxModel
  let steering: CsvSteering
  beforeAll(async () => {
    model = await loadModel({ model: base, device: 'cpu' })
    const path = csv('two.csv', [`121,25,${demo},add`, `7,-10,${demo},add`])
    steering = await openCsvSteering(base, await readSteeringFile(path), {}, { hub: {}, notice: () => {} })
  })
  afterAll(async () => {
    await steering.close()
    await model.close()
  })

  /** Names of the checks that fail when every view of the model is changed in a way. */
  async function failing(change: (view: OnnxModel) => Partial<OnnxModel>): Promise<string> {
    const broken = (view: OnnxModel): OnnxModel => ({
      ...view,
      info: view.info,
      steer: (edits) => broken(view.steer(edits)),
      shareBelow: (...settings) => broken(view.shareBelow(...settings)),
      writeBeside: (settings) => broken(view.writeBeside(settings)),
      ...change(view),
    })
    const { trial } = await steering.lower(model)
    const subject = subjectOf(broken(model), trial, null)
    const results = [...(await verifySteering(subject)), ...(await verifyDevice({ ...subject, cpu: model }))]
    const failed = results.filter(({ outcome }) => outcome === 'failed')
    for (const { messages } of failed) expect(messages.length).toBeGreaterThan(0)
    return failed.map(({ name }) => name).join(', ')
  }
  const half = (edits: readonly Intervention[]) =>
    edits.map(({ hookPoint, stages }) => ({
      hookPoint,
      stages: stages.map((stage) => ({ ...stage, addend: stage.addend?.map((value) => value / 2) ?? null })),
    }))

  it.each<[string, string, (view: OnnxModel) => Partial<OnnxModel>]>([
    ['nothing is wrong', '', () => ({})],
    [
      'edits are ignored',
      'each row changes its hook point as its formula says, all rows together do, at each hook point',
      (view) => ({ steer: () => view.steer([]) }),
    ],
    ['edits are halved', 'each row', (view) => ({ steer: (edits) => view.steer(half(edits)) })],
    [
      'edits are captured but not scored',
      'scores are those',
      (view) => ({ scoreTokens: (rows) => view.steer([]).scoreTokens(rows) }),
    ],
    [
      'coefficient 0 does something',
      'adding with coefficient 0',
      (view) => ({
        scoreTokens: async (rows) =>
          (await view.scoreTokens(rows)).map((row) =>
            view.interventions.length === 0 ? row : { ...row, logprobs: row.logprobs.map((value) => value - 0.001) },
          ),
      }),
    ],
    [
      'a device computes everything a little otherwise',
      'unsteered, log-probabilities are those of the CPU, steered, log-probabilities are those of the CPU',
      (view) => ({
        scoreTokens: async (rows) =>
          (await view.scoreTokens(rows)).map((row) => ({
            ...row,
            logprobs: row.logprobs.map((value) => value - 0.0015),
          })),
      }),
    ],
    [
      'a device writes other tokens',
      'generated tokens are those of the CPU, or as likely',
      (view) => ({
        read: async (requests) => {
          const read = await view.read(requests)
          const others = (ids: readonly number[]) => ids.map((id, at) => (at === 3 ? (id + 1) % 500 : id))
          return {
            ...read,
            answer: (indices, options) =>
              read.answer(indices, {
                ...options,
                ...(options?.onTokens && {
                  onTokens: (tokens) => options.onTokens!({ ...tokens, newIds: others(tokens.newIds) }),
                }),
              }),
          }
        },
      }),
    ],
    [
      'a batch takes its first setting for all',
      'different settings in one batch',
      (view) => ({
        lastLogits: (ids, settings) =>
          view.lastLogits(
            ids,
            settings.map(() => settings[0]!),
          ),
      }),
    ],
    [
      'prefixes are mixed up',
      'requests with shared beginnings',
      (view) => ({
        read: (requests) => {
          const last = requests.at(-1)!
          return view.read(
            requests.map((request) =>
              request.type === 'loglikelihood' && last.type === 'loglikelihood'
                ? { ...request, context: last.context }
                : request,
            ),
          )
        },
      }),
    ],
    [
      'the cache is unsteered',
      'greedy generation',
      (view) => ({
        read: (requests) => (requests[0]?.type === 'generate_until' ? view.steer([]) : view).read(requests),
      }),
    ],
    [
      'shared layers lose the edits',
      'sharing the layers below',
      (view) => ({ shareBelow: () => ({ ...view, steer: () => view.steer([]), close: async () => {} }) }),
    ],
    [
      'texts beside each other are those of another setting',
      'texts that settings write side by side',
      (view) => ({ writeBeside: () => ({ ...view, info: view.info, steer: () => view.steer([]) }) }),
    ],
  ])('%s', async (_, names, change) => {
    const failed = await failing(change)
    if (names === '') expect(failed).toBe('')
    else expect(failed).toContain(names)
  })
})
