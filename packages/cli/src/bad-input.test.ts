import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { copyHfHome, demoFolder, temporaryFolder } from '../../../tests/fixtures.js'
import { runCommand } from './run.testing.js'

const repositories = ['datasets--cais--mmlu', 'models--google--gemma-2-2b', 'models--google--gemma-scope-2b-pt-res']
const header = 'latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n'
const sae = 'gemma-scope-2b-pt-res-canonical,layer_20/width_16k/canonical'
const gemma = 'google/gemma-2-2b'
let home = ''
beforeAll(() => {
  home = copyHfHome(repositories)
})

async function run(argv: readonly string[], hfHome = home) {
  return runCommand(['--tasks', 'mmlu_abstract_algebra', '--limit', '1', '--device', 'cpu', ...argv], {
    HF_HOME: hfHome,
    HF_HUB_OFFLINE: '1',
  })
}

async function steer(rows: string, base = gemma, more: readonly string[] = [], hfHome = home) {
  const csv = join(temporaryFolder(), 'steer.csv')
  writeFileSync(csv, header + rows)
  return run(['--model', 'sae_steered_beta', '--model_args', `base_name=${base},csv_path=${csv}`, ...more], hfHome)
}

/** A file in a snapshot of the copied cache. */
function snapshotFile(hfHome: string, repository: string, ...path: string[]): string {
  const snapshots = join(hfHome, 'hub', repository, 'snapshots')
  return join(snapshots, readdirSync(snapshots)[0]!, ...path)
}

describe('bad input ends in one sentence and code 2', () => {
  it.each(['pytorch_model.bin', 'pytorch_model.bin.index.json'])('weights in %s only', async (file) => {
    const folder = join(temporaryFolder(), 'model')
    cpSync(join(demoFolder, 'model'), folder, { recursive: true })
    renameSync(join(folder, 'model.safetensors'), join(folder, file))
    const args = ['run', '--model_args', `pretrained=${folder}`, '--include_path', 'examples/demo/tasks', '-t', 'demo']
    const { code, stderr } = await runCommand(args)
    expect(code).toBe(2)
    expect(stderr).toMatch(
      new RegExp(
        `^saeval: ${folder} has its weights as ${file} only; .*from_pretrained\\('${folder}'\\)\\.save_pretrained.*, and give model-safetensors as the model\\n$`,
      ),
    )
  })

  const model = ['--model', 'hf', '--model_args', `pretrained=${gemma}`]

  it.each<[string, string[], RegExp]>([
    ['a flag that is not there', ['--modle', 'hf'], /unknown option '--modle'/],
    [
      'a flag of lm_eval that is not here',
      ['--wandb_args', 'x'],
      /--wandb_args is a flag of lm_eval .*docs\/trackers\.md/,
    ],
    [
      'a model that is not there',
      ['--model', 'gguf'],
      /unknown model "gguf"; registered models: hf, hf-auto, huggingface, local-chat-completions, local-completions, sae_steered_beta, steered/,
    ],
    ['no name of a model', ['--model', 'hf'], /needs --model_args pretrained/],
    ['no CSV', ['--model', 'sae_steered_beta', '--model_args', `base_name=${gemma}`], /needs --model_args csv_path/],
    [
      'no such CSV',
      ['--model', 'sae_steered_beta', '--model_args', `base_name=${gemma},csv_path=none.csv`],
      /csv_path none\.csv: no such file/,
    ],
    [
      'an argument that is not there',
      ['--model', 'hf', '--model_args', `pretrianed=${gemma}`],
      /no argument "pretrianed"; did you mean "pretrained"/,
    ],
    [
      'an argument of another kind',
      ['--model', 'hf', '--model_args', `pretrained=${gemma},max_length=long`],
      /max_length is "long", expected a whole number/,
    ],
    [
      'code from a repository',
      ['--model', 'hf', '--model_args', `pretrained=${gemma},trust_remote_code=True`],
      /runs no code from model repositories/,
    ],
    ['a task that is not there', [...model, '--tasks', 'mmlu_anatomi'], /did you mean "mmlu_anatomy"/],
    ['a limit of nothing', [...model, '--limit', '0'], /'0' is invalid/],
    ['a batch of nothing', [...model, '--batch_size', '0'], /--batch_size 0/],
    [
      'a device that is not there',
      [...model, '--device', 'cuda:7'],
      /device "cuda:7" is not available: onnxruntime's CUDA provider .* is not in .*SAEVAL_ONNXRUNTIME/,
    ],
    ['a chat template that is not there', [...model, '--apply_chat_template'], /the model has no chat template/],
    [
      'samples of another task',
      [...model, '--limit', '1', '--samples', '{"x": [1]}'],
      /--limit and --samples cannot stand together/,
    ],
    ['a cache in no folder', [...model, '--use_cache', ''], /--use_cache is empty/],
    ['log_samples to nowhere', [...model, '--log_samples'], /--log_samples needs --output_path/],
    [
      'a model that is not in the cache',
      ['--model', 'hf', '--model_args', 'pretrained=gpt2-small'],
      /openai-community\/gpt2.*is not in the cache.*HF_HUB_OFFLINE/,
    ],
    ['a dataset part that is not in the cache', [...model, '--tasks', 'wmdp_bio'], /cais\/wmdp/],
  ])('%s', async (_, argv, message) => {
    const { code, stdout, stderr } = await run(argv)
    expect(stderr).toMatch(message)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('an output folder that cannot be made', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const { code, stderr } = await run([...model, '--output_path', join(file, 'out')])
    // Node 22 calls it the second
    expect(stderr).toMatch(/cannot write into .*\((ENOTDIR|EEXIST)\)/)
    expect(code).toBe(2)
  })

  it('no tasks', async () => {
    expect(await runCommand(['--model', 'hf'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--tasks is missing/),
    })
  })

  it('--verbose adds where it comes from, on the command line and in a file', async () => {
    expect((await run(['--model', 'gguf', '--verbose'])).stderr).toMatch(/\n\s+at /)
    const config = join(temporaryFolder(), 'config.yaml')
    writeFileSync(config, 'verbose: true\nmodel: gguf\n')
    expect((await run(['--config', config])).stderr).toMatch(/\n\s+at /)
  })
})

describe('rows that cannot act stop the run', () => {
  it.each<[string, string, RegExp]>([
    [
      'every problem of the file',
      `x,1,${sae},add\n1,,${sae},add\n`,
      /steer\.csv:2, column latent_idx: .*\n.*steer\.csv:3, column steering_coefficient/,
    ],
    [
      'an unknown release',
      '1,1,gemma-scope-2b-pt-ress,a,add\n',
      /steer\.csv:2, column sae_release: .*gemma-scope-2b-pt-res/,
    ],
    [
      'an unknown id',
      '1,1,gemma-scope-2b-pt-res-canonical,layer_20/width_17k/canonical,add\n',
      /steer\.csv:2, column sae_id: .*did you mean/,
    ],
    [
      'a latent beyond the SAE',
      `1,1,${sae},add\n999999,1,${sae},add\n`,
      /steer\.csv:3, column latent_idx: latent 999999 is out of range: .* has latents 0 to \d+/,
    ],
    [
      'a coefficient of 0',
      `1,1,${sae},add\n12,0,${sae},add\n`,
      /steer\.csv:3, column steering_coefficient: add 0 of latent 12 does not change the output/,
    ],
    ['a scale by 1', `12,1,${sae},scale\n`, /steer\.csv:2, .*scale 1 of latent 12 does not change/],
    ['rows that cancel', `12,5,${sae},add\n12,-5,${sae},add\n`, /the rows cancel each other/],
  ])('%s', async (_, rows, message) => {
    const { code, stdout, stderr } = await steer(rows)
    expect(stderr).toMatch(message)
    expect([code, stdout]).toEqual([2, ''])
  })

  it('unless --allow_inert_rows', async () => {
    const { code, stdout, stderr } = await steer(`12,0,${sae},add\n`, gemma, ['--allow_inert_rows'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('line 2 nowhere')])
    expect(stdout).toMatch(/abstract_algebra/)
  })

  it('an SAE made for another model', async () => {
    const { code, stderr } = await steer(`12,1,${sae},add\n`, 'openai-community/gpt2')
    expect(stderr).toMatch(
      /steer\.csv:2, column sae_release: the SAE was made for .*gemma-2-2b, not for openai-community\/gpt2/,
    )
    expect(code).toBe(2)
  })
})

describe('broken files are named', () => {
  const broken = (repository: string, ...path: string[]) => {
    const hfHome = temporaryFolder()
    cpSync(home, hfHome, { recursive: true })
    return { hfHome, file: snapshotFile(hfHome, repository, ...path) }
  }

  it('weights cut short', async () => {
    const { hfHome, file } = broken('models--google--gemma-2-2b', 'model.safetensors')
    truncateSync(file, readFileSync(file).byteLength - 1000)
    const { code, stderr } = await run(['--model', 'hf', '--model_args', `pretrained=${gemma}`], hfHome)
    expect(stderr).toMatch(/model\.safetensors/)
    expect(code).toBe(2)
  })

  it('weights with a broken header', async () => {
    const { hfHome, file } = broken('models--google--gemma-2-2b', 'model.safetensors')
    const bytes = readFileSync(file)
    bytes.write('!!!!', 8)
    writeFileSync(file, bytes)
    const { code, stderr } = await run(['--model', 'hf', '--model_args', `pretrained=${gemma}`], hfHome)
    expect(stderr).toMatch(/model\.safetensors/)
    expect(code).toBe(2)
  })

  it.each(['cut', 'scrambled'])('an npz %s', async (how) => {
    const { hfHome } = broken('models--google--gemma-scope-2b-pt-res')
    const folder = snapshotFile(hfHome, 'models--google--gemma-scope-2b-pt-res', 'layer_20', 'width_16k')
    const file = join(folder, readdirSync(folder)[0]!, 'params.npz')
    const bytes = readFileSync(file)
    if (how === 'cut') truncateSync(file, Math.floor(bytes.byteLength / 2))
    else
      writeFileSync(
        file,
        bytes.map((byte, index) => (index > bytes.byteLength - 2000 ? byte ^ 0x5a : byte)),
      )
    const { code, stderr } = await steer(`12,1,${sae},add\n`, gemma, [], hfHome)
    expect(stderr).toMatch(/steer\.csv:2.*params\.npz/)
    expect(code).toBe(2)
  })

  it('a configuration that is not JSON', async () => {
    const { hfHome, file } = broken('models--google--gemma-2-2b', 'config.json')
    writeFileSync(file, '{')
    const { code, stderr } = await run(['--model', 'hf', '--model_args', `pretrained=${gemma}`], hfHome)
    expect(stderr).toMatch(/config\.json/)
    expect(code).toBe(2)
  })
})

it('an interrupted run writes nothing', async () => {
  const out = temporaryFolder()
  mkdirSync(join(out, 'x'))
  const controller = new AbortController()
  controller.abort()
  const argv = [
    '--tasks',
    'mmlu_abstract_algebra',
    '--device',
    'cpu',
    '--model',
    'hf',
    '--model_args',
    `pretrained=${gemma}`,
    '-o',
    join(out, 'x'),
  ]
  const { code, stderr } = await runCommand(argv, { HF_HOME: home, HF_HUB_OFFLINE: '1' }, controller)
  expect([code, stderr]).toEqual([130, 'no results were written\ninterrupted\n'])
  expect(readdirSync(join(out, 'x', 'google__gemma-2-2b'))).toEqual([])
})
