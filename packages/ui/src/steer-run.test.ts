import { expect, it } from 'vitest'
import { shownEdits } from './steer-run.js'

const row = { latent_idx: 3, steering_coefficient: 4, sae_release: 'saes', sae_id: 'all', hook_action: 'add' }
const of = (modelArgs: object, steering: object = { semantics: 'direct', rows: [row] }) =>
  shownEdits({
    model: 'sae_steered_beta',
    modelArgs: { base_name: 'model', csv_path: 'x.csv', ...modelArgs },
    provenance: { steering },
  } as Parameters<typeof shownEdits>[0])

it('begins with a run of arguments that change nothing', () => {
  const same = { revision: null, dtype: 'float32', semantics: 'direct', threads: 2, unit: 'residual_norm', peft: null }
  expect(of(same)).toEqual({
    model: 'model',
    revision: undefined,
    saes: [{ release: 'saes', id: 'all' }],
    edits: [{ sae: 0, latent: 3, action: 'add', coefficient: 4 }],
    others: 0,
  })
})

it.each([
  { positions: 'last_prompt' },
  { skip_positions: '0' },
  { semantics: 'pr2641' },
  { semantics: 'fork' },
  { norm_factor: 2 },
  { norm_text: 'a.txt' },
  { add_bos_token: true },
  { dtype: 'bfloat16' },
  { dtype: 'auto' },
  { allow_other_model: true },
  { peft: 'some' },
  { delta: 'some' },
  { chat_template_args: {} },
  { backend: 'openai' },
])('refuses by its name what the page would compute in another way: %o', (args) => {
  expect(() => of(args)).toThrow(new RegExp(`cannot be begun with: it has ${Object.keys(args)[0]}=`))
})

it('refuses other semantics that a run records', () => {
  expect(() => of({}, { semantics: 'fork', rows: [row] })).toThrow(/its semantics are "fork"/)
})

it('says in a sentence which argument is none', () => {
  expect(() => of({ revision: 7 })).toThrow(/model_args of this run: revision is 7, expected/)
})

it('leaves out rows that sliders cannot be, one by one', () => {
  const others = [
    { ...row, acts_at: 'the last token of the prompt' },
    { vector_path: 'v.npy', strength: 2 },
    { ...row, latent_idx: 'five' },
    { ...row, steering_coefficient: 1e10 },
    { ...row, hook_action: 'clamp_above' },
    null,
  ]
  const unit = { ...row, coefficient: 18.741050720214844 }
  const { edits, others: left } = of({}, { rows: [...others, row, unit] })
  expect(edits.map(({ coefficient }) => coefficient)).toEqual([4, 18.741050720214844])
  expect(left).toBe(others.length)
  expect(() => of({}, { rows: [{ vector_path: 'v.npy' }] })).toThrow(
    /none of its 1 rows \(of a model sae_steered_beta\) edits a latent of an SAE/,
  )
})
