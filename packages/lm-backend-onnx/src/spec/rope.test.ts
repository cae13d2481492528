import { checked, count, objectOf } from '@saeval/hub/checks'
import { describe, expect, it } from 'vitest'
import { configOf } from './read-config.js'
import { readRope, ropeFields, rotaryFields } from './rope.js'
import { ropeTable, rotaryTable } from './rope-table.js'

/** Written by transformers 5.18's ROPE_INIT_FUNCTIONS for these parameters. */
const tables = [
  {
    parameters: { rope_type: 'linear', rope_theta: 10000, factor: 8 },
    dHead: 16,
    frequencies: [
      0.125, 0.0395284705, 0.0125000002, 0.00395284733, 0.00124999997, 0.000395284733, 0.000125000006, 3.95284733e-5,
    ],
    scale: 1,
  },
  {
    parameters: {
      rope_type: 'llama3',
      rope_theta: 500000,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    },
    dHead: 16,
    frequencies: [
      1, 0.079403013, 0.00470075384, 0.000911583134, 0.000176776681, 3.42810235e-5, 6.64786967e-6, 1.28917316e-6,
    ],
    scale: 1,
  },
  {
    parameters: {
      rope_type: 'yarn',
      rope_theta: 150000,
      factor: 32,
      beta_fast: 32,
      beta_slow: 1,
      truncate: false,
      original_max_position_embeddings: 4096,
    },
    dHead: 16,
    frequencies: [
      1, 0.225418001, 0.0508132726, 0.00679495931, 0.000456483918, 1.8188337e-5, 4.09997847e-6, 9.24208962e-7,
    ],
    scale: 1.3465735902799727,
  },
  {
    parameters: { rope_type: 'yarn', rope_theta: 10000, factor: 4, original_max_position_embeddings: 32 },
    dHead: 16,
    frequencies: [
      1, 0.197642356, 0.0250000004, 0.00790569466, 0.00249999994, 0.000790569466, 0.000250000012, 7.90569466e-5,
    ],
    scale: 1.138629436111989,
  },
  {
    parameters: {
      rope_type: 'yarn',
      rope_theta: 1000000,
      factor: 40,
      mscale: 0.75,
      mscale_all_dim: 1,
      original_max_position_embeddings: 64,
    },
    dHead: 12,
    frequencies: [1, 0.0512499958, 0.000249999983, 2.49999994e-5, 2.49999925e-6, 2.50000085e-7],
    scale: 0.932629996003703,
  },
  {
    parameters: { rope_type: 'linear', rope_theta: 10000, factor: 2, partial_rotary_factor: 0.25 },
    dHead: 20,
    frequencies: [0.5, 0.0125594316, 0.000315478654],
    scale: 1,
  },
  {
    parameters: {
      rope_type: 'longrope',
      rope_theta: 10000,
      partial_rotary_factor: 0.75,
      factor: 32,
      short_factor: [1, 1.25, 2.5],
      long_factor: [1, 4.5, 9],
      original_max_position_embeddings: 4096,
    },
    dHead: 8,
    frequencies: [1, 0.0371327065, 0.000861773675],
    scale: 1.1902380714238083,
  },
] as const

const schema = objectOf({ ...ropeFields, ...rotaryFields, max_position_embeddings: count })
const read = (fields: Record<string, unknown>, defaults = {}) => {
  const config = configOf('config.json', { model_type: 'test', max_position_embeddings: 128, ...fields })
  return readRope(config, checked(config.file, schema, config.fields), defaults)
}

/** cos and sin of positions, written by transformers 5.18's LlamaRotaryEmbedding for the second of these parameters. */
const waves = [
  {
    position: 1,
    cos: [0.540302336, 0.996849239, 0.999988973, 0.999999583, 1.0, 1.0, 1.0, 1.0],
    sin: [
      0.841470957, 0.0793196037, 0.00470073661, 0.000911583018, 0.000176776681, 3.42810235e-5, 6.64786967e-6,
      1.28917316e-6,
    ],
  },
  {
    position: 77,
    cos: [-0.0309750326, 0.985727608, 0.935205281, 0.997537553, 0.999907374, 0.999996543, 0.999999881, 1.0],
    sin: [
      0.999520183, -0.168347999, 0.354106098, 0.0701342821, 0.0136113847, 0.0026396357, 0.00051188597, 9.92663336e-5,
    ],
  },
  {
    position: 4095,
    cos: [-0.0659759939, 0.000494826119, 0.921049237, -0.830194175, 0.74922806, 0.99016279, 0.999629498, 0.999986053],
    sin: [-0.997821212, -0.999999881, 0.389446139, -0.557474315, 0.66231209, 0.13992016, 0.0272196643, 0.00527913962],
  },
]

describe('rotary embeddings', () => {
  it.each(tables)('turn as in transformers: $parameters', ({ parameters, dHead, frequencies, scale }) => {
    const rope = read({ rope_parameters: parameters }, { fraction: 1 })
    const table = ropeTable(rope, dHead)
    expect(table.scale).toBeCloseTo(scale, 12)
    expect(table.frequencies.length).toBe(frequencies.length)
    for (const [pair, frequency] of frequencies.entries())
      expect(Math.abs(table.frequencies[pair]! / frequency - 1)).toBeLessThan(5e-7)
    // the same fields in transformers 4's words
    const { rope_theta: theta, rope_type: type, ...scaling } = parameters
    const old = { rope_theta: theta, rope_scaling: { type, ...scaling } }
    expect(read(old, { fraction: 1 })).toEqual(rope)
  })

  it('have tables of cosines and sines', () => {
    const { parameters, dHead } = tables[1]!
    const rope = read({ rope_parameters: parameters }, { fraction: 1 })
    const { cos, sin } = rotaryTable(rope, dHead, 4096)
    expect(cos.length).toBe((4096 * dHead) / 2)
    for (const wave of waves) {
      const row = (table: Float32Array) =>
        table.subarray((wave.position * dHead) / 2, ((wave.position + 1) * dHead) / 2)
      wave.cos.forEach((value, pair) => {
        // frequencies and angles differ in their last places: 2^-22 of an angle
        const allowed = 1e-7 + wave.position * ropeTable(rope, dHead).frequencies[pair]! * 2 ** -22
        expect(Math.abs(row(cos)[pair]! - value)).toBeLessThanOrEqual(allowed)
        expect(Math.abs(row(sin)[pair]! - wave.sin[pair]!)).toBeLessThanOrEqual(allowed)
      })
    }
  })

  it('are named when they cannot be computed', () => {
    const wrong = (fields: Record<string, unknown>) => () => read(fields)
    expect(wrong({ rope_scaling: { rope_type: 'longrope' } })).toThrow(/rope_scaling\.short_factor is missing/)
    expect(wrong({ rope_scaling: { rope_type: 'axial' } })).toThrow(/rope_scaling\.rope_type is "axial"/)
    expect(wrong({ rope_parameters: { rope_type: 'linear', rope_theta: 1e4 } })).toThrow(
      /rope_parameters\.factor is missing/,
    )
    expect(wrong({ rope_scaling: { type: 'yarn', factor: 'big' } })).toThrow(/rope_scaling\.factor is "big"/)
    expect(wrong({ partial_rotary_factor: 0.5 })).toThrow(/partial_rotary_factor is 0\.5, expected 1/)
  })
})
