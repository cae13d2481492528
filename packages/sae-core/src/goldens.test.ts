import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { casesHere, fixtureJson, fixturePath } from '../../../tests/fixtures.js'
import { readGoldenIntegers, readGoldenShape, readGoldenTensors } from '../../../tests/golden-tensors.js'
import { tolerance } from '../../../tests/tolerances.js'
import { effectiveLatents } from './edits/effective-latent.js'
import {
  decode,
  encode,
  errorTerm,
  findSae,
  forward,
  openSae,
  preActivations,
  type SaeFile,
  type SaeTensors,
} from './index.js'
import { temporalCodes } from './math/temporal.js'

/** What a golden's JSON says of its SAE; fixtures/golden/saes/README.md. */
interface Golden {
  release: string
  sae_id: string
  repo_id: string
  path: string
  loader: string
  architecture: string
  d_in: number
  d_out: number
  d_sae: number
  k: number | null
  apply_b_dec_to_input: boolean
  normalize_activations: string
  reshape_activations: string
  norm_scaling_folded?: boolean
  activation_normalization_factor?: number
  rescale_acts_by_decoder_norm?: boolean | null
  model_name?: string
  hook_name?: string
  hook_name_out?: string | null
  hf_hook_name?: string | null
  hf_hook_name_out?: string | null
  model_from_pretrained_kwargs?: { center_writing_weights?: boolean } | null
}

const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const goldens = readdirSync(fixturePath('golden/saes'))
  .filter((file) => file.endsWith('.json') && file !== 'index.json')
  .map((file) => ({ name: file.slice(0, -5), golden: fixtureJson(`golden/saes/${file}`) as Golden }))
const saes = casesHere(goldens, ({ golden }) => `hf-home/hub/models--${golden.repo_id.replace('/', '--')}`)

let sae: SaeFile
afterEach(() => sae.close())

describe.each(saes)('SAE $name', ({ name, golden }) => {
  const open = async () => {
    sae = await openSae(findSae(golden.release, golden.sae_id), { env })
    return sae
  }
  const tensors = readGoldenTensors(`golden/saes/${name}.safetensors`)

  it('is configured as SAELens does it', async () => {
    const { config } = await open()
    expect(config).toMatchObject({
      architecture: golden.architecture,
      dIn: golden.d_in,
      dOut: golden.d_out,
      dSae: golden.d_sae,
      k: golden.k ?? null,
      applyBDecToInput: golden.apply_b_dec_to_input,
      inputScale: golden.activation_normalization_factor ?? 1,
      normalization: /layer_norm|constant_norm/.test(golden.normalize_activations)
        ? golden.normalize_activations
        : 'none',
      rescaleActsByDecoderNorm: golden.rescale_acts_by_decoder_norm ?? false,
      reshapeHookZ: golden.reshape_activations === 'hook_z',
      centreInput: golden.model_from_pretrained_kwargs?.center_writing_weights ?? false,
    })
    if (golden.model_name !== undefined) expect(config.modelName).toBe(golden.model_name)
    if (golden.hook_name !== undefined) {
      const input = trueInput(golden)
      expect(config.hookPoint).toBe(input)
      expect(config.hookPointOut).toBe(golden.hook_name_out ?? input)
      expect(config.hfHookPoint).toBe(golden.hf_hook_name ?? null)
      expect(config.hfHookPointOut).toBe(golden.hf_hook_name_out ?? null)
    }
  })

  it('holds the tensors that SAELens loads', async () => {
    const state = stateOf(await (await open()).load())
    const isExact = !golden.norm_scaling_folded && !['llama_scope', 'llama_scope_r1_distill'].includes(golden.loader)
    const names = [...tensors.keys()].filter((key) => key.startsWith('state.'))
    expect(names.length + [...tensors.keys()].filter((key) => key.startsWith('state_rows.')).length).toBeGreaterThan(1)
    for (const key of names) {
      const changed = golden.path.startsWith('embedding') && /W_(enc|dec)/.test(key)
      const actual = state.get(key.slice('state.'.length))
      expect(actual, key).toBeDefined()
      const summed = golden.loader.startsWith('mntss') && key === 'state.W_dec'
      expect(deviation(actual!, tensors.get(key)!, summed), key).toBeLessThanOrEqual(
        isExact && !changed && !summed ? 0 : 1e-6,
      )
    }
  })

  it('encodes and decodes as SAELens does', async () => {
    const { config, load } = await open()
    // the golden's x is what the SAE saw, centred already
    const whole = { config: { ...config, centreInput: false }, tensors: await load() }
    const x = tensors.get('x')!
    const [, positions] = readGoldenShape(`golden/saes/${name}.safetensors`, 'x') as [number, number, number]
    const acts = encode(whole, x, positions)
    const expected = tensors.get('acts')!
    expect(acts.map((value) => (value > 0 ? 1 : 0))).toEqual(expected.map((value) => (value > 0 ? 1 : 0)))
    const isIterative = ['matching_pursuit', 'temporal'].includes(golden.architecture)
    const close = (actual: Float32Array, key: string) => expectClose(actual, tensors.get(key)!, key, isIterative)
    close(acts, 'acts')
    if (!isIterative) {
      if (tensors.has('acts_pre')) close(preActivations(whole, x), 'acts_pre')
      if (tensors.has('acts_pre_relu'))
        close(
          preActivations(whole, x).map((p) => Math.max(p, 0)),
          'acts_pre_relu',
        )
    }
    if (tensors.has('acts_predicted')) close(temporalCodes(whole, x, positions).predicted, 'acts_predicted')
    const decoded = decode(whole, acts, x)
    close(decoded, 'decoded')
    close(forward(whole, x, positions), 'forward')
    if (tensors.has('forward_error_term') && golden.d_in === golden.d_out) {
      const error = errorTerm(whole, x, x, positions)
      close(
        decoded.map((value, index) => value + error[index]!),
        'forward_error_term',
      )
    }
  })

  it('reads single rows, columns and latents equal to the whole', async () => {
    const { config, load, decoderRow, encoderColumns, latentParameters } = await open()
    const { dIn, dOut, dSae } = config
    const latents = [0, dSae - 3]
    const rows = await Promise.all(latents.map(decoderRow))
    const columns = await encoderColumns(latents)
    const parameters = await Promise.all(latents.map(latentParameters))
    const { wDec, wEnc, bEnc, threshold, gate } = await load()
    for (const [at, latent] of latents.entries()) {
      expect(rows[at]).toEqual(wDec.slice(latent * dOut, (latent + 1) * dOut))
      expect(columns[at]).toEqual(Float32Array.from({ length: dIn }, (_, row) => wEnc[row * dSae + latent]!))
      expect(parameters[at]).toEqual({
        bias: (gate?.bMag ?? bEnc)?.[latent] ?? 0,
        threshold: threshold?.[latent] ?? 0,
        gate: gate && { scale: Math.exp(gate.rMag[latent]!), bias: gate.bGate[latent] },
      })
    }
    // of the largest SAE the golden holds some rows and columns instead of everything
    if (tensors.has('state_rows.W_dec')) {
      const index = readGoldenIntegers(`golden/saes/${name}.safetensors`, 'state_rows.index')
      const goldenRows = await Promise.all(index.map(decoderRow))
      expect(goldenRows.flatMap((row) => [...row])).toEqual([...tensors.get('state_rows.W_dec')!])
      const goldenColumns = await encoderColumns(index)
      expect(goldenColumns.flatMap((column) => [...column])).toEqual([...tensors.get('state_rows.W_enc_columns')!])
    }
    await expect(decoderRow(dSae)).rejects.toThrow(`latents 0 to ${dSae - 1}`)
    await expect(encoderColumns([-1])).rejects.toThrow(`latents 0 to ${dSae - 1}`)
  })

  it('has latents that compute their activations alone', async () => {
    const { config, load } = await open()
    const { architecture, normalization, dIn, dSae } = config
    if (!/standard|jumprelu|gated|^transcoder|^skip/.test(architecture) || normalization !== 'none') return
    const latents = Array.from({ length: Math.min(dSae, 256) }, (_, index) => dSae - 1 - index)
    // centring is folded into the encoder, so here x is taken as it comes from the model
    const acts = encode({ config, tensors: await load() }, tensors.get('x')!)
    const x = tensors.get('x')!
    const actual: number[] = []
    const expected: number[] = []
    for (const { latent, encoder, bias, threshold } of await effectiveLatents(sae, latents)) {
      for (let row = 0; row < x.length / dIn; row++) {
        const p = encoder.reduce((sum, value, i) => sum + value * x[row * dIn + i]!, bias)
        actual.push(p > threshold ? p : 0)
        expected.push(acts[row * dSae + latent]!)
      }
    }
    expectClose(Float32Array.from(actual), Float32Array.from(expected), 'activations')
  })
})

/** SAELens calls the input of Gemma Scope 2's transcoders hook_mlp_in; see docs/differences.md. */
function trueInput({ hook_name: name, hf_hook_name: hf }: Golden): string {
  return hf?.endsWith('.pre_feedforward_layernorm.output') ? name!.replace('hook_mlp_in', 'mlp.hook_in') : name!
}

/** Tensors under the names of SAELens' state dict. */
function stateOf({ wEnc, wDec, bEnc, bDec, threshold, gate, wSkip, attention }: SaeTensors): Map<string, Float32Array> {
  const state = new Map([
    ['W_enc', wEnc],
    ['W_dec', wDec],
    ['b_dec', bDec],
  ])
  const optional = { b_enc: bEnc, threshold, b_gate: gate?.bGate, b_mag: gate?.bMag, r_mag: gate?.rMag, W_skip: wSkip }
  for (const [name, values] of Object.entries(optional)) if (values) state.set(name, values)
  for (const [index, { query, key, value, output }] of attention.entries()) {
    for (const [name, { weight, bias }] of Object.entries({
      q_target: query,
      k_ctx: key,
      v_ctx: value,
      c_proj: output,
    })) {
      state.set(`attn_layers.${index}.${name}.weight`, weight)
      state.set(`attn_layers.${index}.${name}.bias`, bias)
    }
  }
  return state
}

/** Largest relative difference; of sums that may cancel relative to the largest value. */
function deviation(actual: Float32Array, expected: Float32Array, ofLargest: boolean): number {
  expect(actual.length).toBe(expected.length)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return actual.reduce((most, value, index) => {
    const distance = Math.abs(value - expected[index]!)
    return distance === 0 ? most : Math.max(most, distance / (ofLargest ? largest : Math.abs(expected[index]!)))
  }, 0)
}

function expectClose(actual: Float32Array, golden: Float32Array, what: string, isIterative = false): void {
  expect(actual.length, what).toBe(golden.length)
  const largest = golden.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const { relative, absolute, iterative } = tolerance.sae
  golden.forEach((value, index) => {
    const allowed = (isIterative ? iterative : relative) * Math.abs(value) + absolute * largest
    if (!(Math.abs(actual[index]! - value) <= allowed))
      expect.fail(`${what}[${index}]: ${actual[index]} instead of ${value}`)
  })
}
