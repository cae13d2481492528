import { type LanguageModel, readLists, registerModel } from '@saeval/language-model'
import { describe, expect, it } from 'vitest'
import { copyHfHome } from '../../../tests/fixtures.js'
import { runCommand } from './run.testing.js'

const info = {
  numParameters: 0,
  dtype: 'none',
  revision: '',
  sha: '',
  maxLength: 2048,
  padToken: null,
  eosToken: null,
  bosToken: null,
  eotTokenId: null,
  batchSizes: [],
  provenance: {},
}
const whole: LanguageModel = {
  info,
  chatTemplate: null,
  read: readLists({
    loglikelihood: async (requests) => requests.map(() => ({ logprob: -1, isGreedy: false })),
    loglikelihood_rolling: async (requests) => requests.map(() => -1),
    generate_until: async (requests) => requests.map(() => ''),
  }),
  close: async () => {},
}

/** `read` of a model that answers with these. */
function answering(answers: (indices: readonly number[]) => unknown[]) {
  return async () => ({ answer: async (indices: readonly number[]) => answers(indices) })
}

let registered = 0
/** Runs a task with a model of one's own. */
function runModel(model: unknown) {
  const name = `own-${registered++}`
  registerModel(name, async () => model as LanguageModel)
  const env = { HF_HOME: copyHfHome(['datasets--cais--mmlu']), HF_HUB_OFFLINE: '1' }
  return runCommand(['run', '--model', name, '--tasks', 'mmlu_abstract_algebra', '--limit', '2'], env)
}

describe('saeval run with a registered model', () => {
  it('needs nothing but what LanguageModel says', async () => {
    const { code, stdout } = await runModel(whole)
    expect(code).toBe(0)
    expect(stdout).toContain('|abstract_algebra|')
  })

  it.each([
    [{ ...whole, close: undefined }, 'close (a function)'],
    [{ ...whole, info: { ...info, batchSizes: undefined } }, 'info.batchSizes (a list of numbers)'],
    [{ ...whole, read: answering(() => []) }, 'the model gave 0 answers for 8 loglikelihood requests'],
    [
      { ...whole, read: answering((list) => list.map(() => -1)) },
      'the model answered -1 to loglikelihood request 1 instead of { logprob, isGreedy }',
    ],
    [undefined, 'is undefined, not a LanguageModel'],
  ])('says in one sentence what a model lacks: %#', async (model, lacks) => {
    const { code, stderr } = await runModel(model)
    expect(code).toBe(1)
    expect(stderr).toContain(lacks)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
