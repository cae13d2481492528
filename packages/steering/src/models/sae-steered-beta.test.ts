import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LanguageModel, ModelArguments } from '@saeval/language-model'
import { loglikelihood, registerModel } from '@saeval/language-model'
import { hf, hfArguments, loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { findSae, lowerEdits, openSae, type SaeFile, type SteeringEdit } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { saeSteeredBeta } from './sae-steered-beta.js'
import { steered } from './steered.js'

registerModel('hf', hf, { arguments: hfArguments })

const name = 'google/gemma-2-2b'
const release = 'gemma-scope-2b-pt-res-canonical'
const id = 'layer_20/width_16k/canonical'
const low = 'layer_12/width_16k/canonical'
const folder = temporaryFolder()
const hub = { env: { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' } }

function file(fileName: string, content: string): string {
  const path = join(folder, fileName)
  writeFileSync(path, content)
  return path
}

const open = (csv: string, more: ModelArguments = {}): Promise<LanguageModel> =>
  saeSteeredBeta(
    { base_name: name, csv_path: file('steer.csv', csv), ...more },
    { batchSize: '4', device: 'cpu', notice: () => {}, hub },
  )

let model: OnnxModel
let high: SaeFile
const pairs = [{ context: 'The dog said', continuation: ' "hello" to you' }]
beforeAll(async () => {
  model = await loadModel({ model: name, device: 'cpu', hub })
  high = await openSae(findSae(release, id), hub)
})
afterAll(async () => {
  await high.close()
  await model.close()
})

const base = 'latent_idx,steering_coefficient,sae_release,sae_id'

/** Log-likelihood of the pair, and what results.json would say of the first row. */
async function scored(csv: string, more: ModelArguments = {}) {
  const opened = await open(csv, more)
  const [answer] = await loglikelihood(opened, pairs)
  const { steering } = opened.report!().provenance as { steering: { rows: Record<string, unknown>[] } }
  await opened.close()
  return { logprob: answer!.logprob, record: steering.rows[0]! }
}

async function expected(edits: readonly SteeringEdit[]): Promise<number> {
  const [answer] = await loglikelihood(model.steer(await lowerEdits(edits, { dHead: model.dHead })), pairs)
  return answer!.logprob
}

describe('rows', () => {
  it('may be named by Neuronpedia', async () => {
    const { logprob, record } = await scored(
      'neuronpedia,steering_coefficient\ngemma-2-2b/20-gemmascope-res-16k/12082,40\n',
    )
    expect(record).toMatchObject({ latent_idx: 12082, sae_release: release, sae_id: id })
    expect(logprob).toBeCloseTo(await expected([{ sae: high, action: 'add', latent: 12082, coefficient: 40 }]), 3)
  })

  it.each([
    ['ORTHOGONAL_DECOMP', 'project_scale', 3],
    ['PROJECTION_CAP', 'project_cap', -4],
  ])('say what a request of Neuronpedia with %s says', async (steer_method, action, strength) => {
    const latents = [12082, 15864, 12082]
    const feature = { modelId: 'gemma-2-2b', layer: '20-gemmascope-res-16k', strength }
    const request = { features: latents.map((index) => ({ ...feature, index })), steer_method }
    const path = file('request.json', JSON.stringify(request))
    const asked = await steered(
      { pretrained: name, steer_path: path },
      { batchSize: '4', device: 'cpu', notice: () => {}, hub },
    )
    const [answer] = await loglikelihood(asked, pairs)
    await asked.close()
    const rows = latents.map((latent) => `${latent},${strength},${release},${id},${action}\n`).join('')
    const { logprob } = await scored(`${base},hook_action\n${rows}`)
    expect(logprob).toBeCloseTo(answer!.logprob, 4)
    expect((await scored('', { csv_path: path })).logprob).toBe(logprob)
    const [plain] = await loglikelihood(model, pairs)
    expect(Math.abs(logprob - plain!.logprob)).toBeGreaterThan(0.01)
  })

  it('act under conditions and at positions, from columns and arguments', async () => {
    const positions = { include: ['prompt' as const], exclude: ['bos' as const] }
    const condition = { sae: high, latent: 4944, above: 0.5 }
    const edit = { sae: high, latent: 12082, coefficient: 40 }
    const columns = `${base},positions,skip_positions,condition_latent,condition_threshold\n12082,40,${release},${id},prompt,bos,4944,0.5\n`
    const { logprob } = await scored(columns)
    expect(logprob).toBeCloseTo(await expected([{ ...edit, action: 'add', positions, condition }]), 3)
    const plain = `${base},skip_positions\n12082,40,${release},${id},bos\n`
    const { logprob: byArgument } = await scored(plain, { positions: 'prompt' })
    expect(byArgument).toBeCloseTo(await expected([{ ...edit, action: 'add', positions }]), 3)
    expect(byArgument).not.toBeCloseTo(await expected([{ ...edit, action: 'add' }]), 2)
  })

  it('count in natural units', async () => {
    const features = file(
      'features.jsonl',
      `${JSON.stringify({ latent: 12082, max_activation: 9, sae_id: low })}\n${JSON.stringify({ latent: 12082, label: 'dogs', max_activation: 20, sae_id: id })}\n`,
    )
    const edit = { sae: high, action: 'add', latent: 12082 } as const
    const fromFile = await scored(`${base}\n12082,2,${release},${id}\n`, {
      unit: 'max_activation',
      features_path: features,
    })
    expect(fromFile.record).toMatchObject({
      unit: 'max_activation',
      unit_statistic: 20,
      unit_source: features,
      coefficient: 40,
    })
    expect(fromFile.logprob).toBeCloseTo(await expected([{ ...edit, coefficient: 40 }]), 3)
    const fromColumn = await scored(`${base},unit,max_activation\n12082,4,${release},${id},max_activation,10\n`)
    expect(fromColumn.record).toMatchObject({ unit_source: 'column max_activation', coefficient: 40 })
    const measured = await scored(`${base},unit\n12082,0.5,${release},${id},residual_norm\n`)
    const { coefficient, unit_statistic: statistic } = measured.record as {
      coefficient: number
      unit_statistic: number
    }
    const row = await high.decoderRow(12082)
    const length = Math.hypot(...row)
    // the added vector is half as long as the activations are on average
    const captured = await model.captureActivations('An old dog and a young cat walked home.', [
      'blocks.20.hook_resid_post',
    ])
    const { data, dims } = captured.get('blocks.20.hook_resid_post')!
    const norms = Array.from({ length: dims[0] - 1 }, (_, at) =>
      Math.hypot(...data.subarray((at + 1) * dims[1], (at + 2) * dims[1])),
    )
    const mean = norms.reduce((a, b) => a + b) / norms.length
    expect((statistic * length) / mean).toBeGreaterThan(0.8)
    expect((statistic * length) / mean).toBeLessThan(1.25)
    expect(measured.logprob).toBeCloseTo(await expected([{ ...edit, coefficient }]), 3)
  })

  it.each([
    [
      'a selection without a token',
      `${base},positions\n1,40,${release},${id},100:200\n`,
      {},
      'steer.csv:2, column positions: positions 100:200 hold no token',
    ],
    [
      'an argument that selects nothing',
      `${base}\n1,40,${release},${id}\n`,
      { positions: '100:200' },
      '`modelArgs`: positions 100:200 hold no token',
    ],
    [
      'positions that are none',
      `${base}\n1,40,${release},${id}\n`,
      { positions: 'somewhere' },
      '`modelArgs`: positions: "somewhere" is not a position',
    ],
    ['an unknown unit', `${base}\n1,40,${release},${id}\n`, { unit: 'metres' }, '`modelArgs`: unit is "metres"'],
    [
      'a unit without its statistic',
      `${base},unit\n1,2,${release},${id},max_activation\n`,
      {},
      'steer.csv:2, column max_activation: unit max_activation needs the largest activation of latent 1',
    ],
    [
      'a statistic without its unit',
      `${base},max_activation\n1,2,${release},${id},80\n`,
      {},
      'steer.csv:2, column max_activation: a max_activation has no meaning for the unit absolute',
    ],
    [
      'a features file that no row uses',
      `${base}\n1,2,${release},${id}\n`,
      { features_path: file('unused.jsonl', '{"latent": 1, "max_activation": 80}\n') },
      'unused.jsonl has no effect: no row has the unit max_activation',
    ],
    [
      'a row that a later one overwrites',
      `${base},hook_action\n1,5,${release},${id},clamp\n2,5,${release},${id},clamp\n1,10,${release},${id},clamp\n`,
      {},
      'steer.csv:2, column hook_action: clamp has no effect: line 4 sets the same latent wherever this row acts',
    ],
    [
      'a threshold that is always passed',
      `${base},hook_action,clamp_value\n1,5,${release},${id},clamp_above,-1\n`,
      {},
      'steer.csv:2, column clamp_value: latents are never below 0',
    ],
    [
      'a condition that always holds',
      `${base},condition_latent,condition_threshold\n1,5,${release},${id},3,-0.5\n`,
      {},
      'steer.csv:2, column condition_threshold: latents are never below 0',
    ],
    [
      'a coefficient that is too large for float32',
      `${base}\n1,1e30,${release},${id}\n`,
      {},
      "steer.csv:2, column steering_coefficient: add 1e+30 of latent 1 makes the model's activations overflow float32",
    ],
    [
      'a length for a latent',
      `${base},unit,hook_action\n1,2,${release},${id},residual_norm,clamp\n`,
      {},
      'steer.csv:2, column unit: residual_norm measures activations',
    ],
    [
      'a length that cannot be measured',
      `${base},unit\n1,2,${release},${id},residual_norm\n`,
      { max_length: 1 },
      'steer.csv:2, column unit: residual_norm is measured from the second token of a text on, and the model takes 1 only',
    ],
    [
      'a head of the residual stream',
      `${base},head_index\n1,2,${release},${id},0\n`,
      {},
      'steer.csv:2, column head_index: only attn.hook_z has heads',
    ],
    [
      'a condition elsewhere',
      `${base},condition_latent,condition_sae_release,condition_sae_id\n1,2,${release},${id},1,${release},${low}\n`,
      {},
      'steer.csv:2, column condition_latent: ',
    ],
    [
      'a condition with fork',
      `${base},condition_latent\n1,2,${release},${id},3\n`,
      { semantics: 'fork' },
      'steer.csv:2, column condition_latent: a condition has no meaning with semantics=fork',
    ],
    [
      'a projection with pr2641',
      `${base},hook_action\n1,2,${release},${id},project_clamp\n`,
      { semantics: 'pr2641' },
      'steer.csv:2, column hook_action: project_clamp has no meaning',
    ],
    [
      'unknown semantics',
      `${base}\n1,2,${release},${id}\n`,
      { semantics: 'fork2' },
      'semantics is "fork2", expected direct, pr2641, fork',
    ],
    [
      'a row that changes nothing in the spliced SAE',
      `${base},hook_action\n1,1,${release},${id},scale\n`,
      { semantics: 'pr2641' },
      'steer.csv:2, column steering_coefficient: scale 1 of latent 1 does not change the output',
    ],
    [
      'a broken features file',
      `${base}\n1,2,${release},${id}\n`,
      { features_path: 'none.jsonl' },
      'cannot read features_path none.jsonl',
    ],
  ])('refuses %s', async (_, csv, more, message) => {
    const attempt = async () => {
      const opened = await open(csv, more)
      await loglikelihood(opened, pairs).finally(() => opened.close())
    }
    await expect(attempt()).rejects.toThrow(message)
  })
})
