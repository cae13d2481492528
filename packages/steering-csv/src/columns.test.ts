import { describe, expect, it } from 'vitest'
import { type HookAction, hookActions, parseSteeringCsv, withAction, writeSteeringCsv } from './index.js'

function problems(header: string, ...rows: string[]): [number, string | null, string][] {
  const csv = parseSteeringCsv([header, ...rows, ''].join('\n'))
  return csv.success ? [] : csv.problems.map(({ line, column, kind }) => [line, column, kind])
}

const base = 'latent_idx,steering_coefficient,sae_release,sae_id'

const page = 'gemma-2-2b/20-gemmascope-res-16k/5'

describe('columns that rows may have', () => {
  it('reads and writes all of them', () => {
    const text = `${base},hook_action,positions,skip_positions,condition_latent,condition_threshold,condition_sae_release,condition_sae_id,head_index,origin,random_direction,unit,max_activation
1,2.5,r,i,project_clamp,prompt,0:2 bos,3,0.5,r2,i2,4,b_dec,12,residual_norm,7
1,2.5,r,i,add,,,,,,,,,,,
`
    const csv = parseSteeringCsv(text)
    expect(csv.success && csv.rows).toMatchObject([
      {
        positions: { text: 'prompt', terms: ['prompt'] },
        skip_positions: { text: '0:2 bos', terms: [{ from: 0, to: 2 }, 'bos'] },
        condition_latent: 3,
        condition_threshold: 0.5,
        condition_sae_release: 'r2',
        condition_sae_id: 'i2',
        head_index: 4,
        origin: 'b_dec',
        random_direction: 12,
        unit: 'residual_norm',
        max_activation: 7,
      },
      { hook_action: 'add' },
    ])
    if (!csv.success || csv.dialect !== 'sae_steered_beta') throw new Error('not read')
    expect(csv.rows[1]).not.toHaveProperty('positions')
    expect(parseSteeringCsv(writeSteeringCsv(csv.rows))).toEqual(csv)
  })

  it('fills in what a Neuronpedia reference stands for', () => {
    const csv = parseSteeringCsv(`neuronpedia,steering_coefficient,condition_neuronpedia\n${page},1,${page}\n`)
    if (!csv.success || csv.dialect !== 'sae_steered_beta') throw new Error('not read')
    expect(csv.rows[0]).toMatchObject({
      latent_idx: 5,
      sae_release: 'gemma-scope-2b-pt-res-canonical',
      sae_id: 'layer_20/width_16k/canonical',
      condition_latent: 5,
    })
    // written out, so that a program may change the latent
    const { neuronpedia, condition_neuronpedia, ...row } = csv.rows[0]!
    expect([neuronpedia, condition_neuronpedia]).toEqual([page, page])
    expect(parseSteeringCsv(writeSteeringCsv(csv.rows))).toEqual({ ...csv, rows: [row] })
  })

  it.each([
    ['neuronpedia,steering_coefficient', 'x/y/1,1', 'neuronpedia', 'unknown_neuronpedia'],
    [`${base},neuronpedia`, `1,1,r,i,${page}`, 'neuronpedia', 'contradiction'],
    [`${base},neuronpedia`, '1,1,r,,', 'sae_id', 'empty'],
    [`${base},positions`, '1,1,r,i,somewhere', 'positions', 'invalid_positions'],
    [`${base},unit`, '1,1,r,i,metres', 'unit', 'unknown_word'],
    [`${base},unit,hook_action`, '1,1,r,i,max_activation,scale', 'unit', 'without_effect'],
    [`${base},unit,hook_action`, '1,1,r,i,residual_norm,project_scale', 'unit', 'without_effect'],
    [`${base},max_activation,hook_action`, '1,1,r,i,9,project_scale', 'max_activation', 'without_effect'],
    [`${base},unit,hook_action`, '1,1,r,i,max_activation,project_cap', 'unit', 'without_effect'],
    [`${base},origin,hook_action`, '1,1,r,i,b_dec,project_cap', 'origin', 'without_effect'],
    [`${base},origin`, '1,1,r,i,b_dec', 'origin', 'without_effect'],
    [`${base},refuse_id`, '1,1,r,i,4', 'refuse_id', 'without_effect'],
    [`${base},clamp_value,hook_action`, '1,1,r,i,4,clamp', 'clamp_value', 'without_effect'],
    [`${base},condition_threshold`, '1,1,r,i,4', 'condition_threshold', 'without_effect'],
    [`${base},condition_latent,condition_sae_id`, '1,1,r,i,4,x', 'condition_sae_release', 'incomplete'],
    [`${base},head_index`, '1,1,r,i,-1', 'head_index', 'negative'],
  ])('%s: %s', (header, row, column, kind) => {
    expect(problems(header, row)).toEqual([[2, column, kind]])
  })

  it('are of the dialect of their latents, whatever columns of notes beside', () => {
    const noted = parseSteeringCsv(`${base},hookpoint,loader\n1,1,r,i,layers.3,sparsify\n`)
    expect(noted).toMatchObject({
      success: true,
      dialect: 'sae_steered_beta',
      rows: [{ extra: { hookpoint: 'layers.3', loader: 'sparsify' } }],
      warnings: [{ column: 'hookpoint' }, { column: 'loader' }],
    })
    expect(parseSteeringCsv(`neuronpedia,steering_coefficient,loader\n${page},1,x\n`)).toMatchObject({ success: true })
    const vectors = parseSteeringCsv('loader,hookpoint,latent_idx,feature_index,steering_coefficient\n')
    expect(vectors.dialect).toBe('steered')
    expect(parseSteeringCsv('loader,hookpoint,steering_coefficient\n').dialect).toBe('steered')
  })

  it('keeps notes under names of prototypes and of fields', () => {
    const csv = parseSteeringCsv(`${base},__proto__,constructor,line,extra\n1,1,r,i,a,b,c,d\n`)
    if (!csv.success || csv.dialect !== 'sae_steered_beta') throw new Error('not read')
    expect(Object.entries(csv.rows[0]!.extra).flat()).toEqual([
      '__proto__',
      'a',
      'constructor',
      'b',
      'line',
      'c',
      'extra',
      'd',
    ])
    expect(parseSteeringCsv(writeSteeringCsv(csv.rows))).toMatchObject({ rows: csv.rows })
    for (const word of ['constructor', 'toString', '__proto__'])
      expect(problems(`${base},hook_action,unit`, `1,1,r,i,${word},${word}`)).toHaveLength(2)
  })

  it('empties what another action cannot use', () => {
    const csv = parseSteeringCsv(
      `${base},hook_action,clamp_value,unit,max_activation\n1,2,r,i,clamp_above,4,max_activation,9\n`,
    )
    if (!csv.success || csv.dialect !== 'sae_steered_beta') throw new Error('not read')
    const lengths: readonly HookAction[] = ['project_clamp', 'project_cap']
    for (const action of hookActions.filter((name) => name !== 'clamp_refusal' && !lengths.includes(name))) {
      const changed = parseSteeringCsv(writeSteeringCsv([withAction(csv.rows[0]!, action)]))
      expect(changed.success && changed.rows[0]).toMatchObject({ hook_action: action })
    }
    // clamp 2 beside 2 x the largest activation would be another strength under the same name
    for (const action of lengths) {
      const projected = parseSteeringCsv(writeSteeringCsv([withAction(csv.rows[0]!, action)]))
      expect(!projected.success && projected.problems).toMatchObject([
        { line: 2, column: 'unit', kind: 'without_effect' },
      ])
    }
    expect(withAction(csv.rows[0]!, 'clamp')).toMatchObject({
      clamp_value: null,
      unit: 'max_activation',
      steering_coefficient: 2,
    })
    expect(withAction(csv.rows[0]!, 'ablate')).toMatchObject({ clamp_value: null, steering_coefficient: 0 })
  })

  it('never throws and never reads nonsense as rows, whatever the bytes', () => {
    const good = new TextEncoder().encode(`${base},positions\n1,2.5,r,"i ""x""",prompt\n2,1,r,é,\n`)
    let state = 7
    const next = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
    for (let round = 0; round < 500; round++) {
      const bytes = Uint8Array.from(good)
      for (let change = 0; change <= next(4); change++) bytes[next(bytes.length)] = next(256)
      const csv = parseSteeringCsv(bytes.subarray(0, next(3) === 0 ? next(bytes.length) : bytes.length))
      if (!csv.success) {
        expect(csv.problems.length).toBeGreaterThan(0)
        continue
      }
      for (const row of csv.rows) expect(Number.isFinite(row.steering_coefficient)).toBe(true)
    }
  })
})
