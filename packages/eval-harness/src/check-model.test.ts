import {
  checkModel,
  getModelFactory,
  type LanguageModel,
  type ModelContext,
  readLists,
  registerModel,
} from '@saeval/language-model'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.js'

const info = {
  numParameters: 1,
  dtype: 'torch.float32',
  revision: 'main',
  sha: '',
  maxLength: 8,
  padToken: null,
  eosToken: ['</s>', 2],
  bosToken: null,
  eotTokenId: 2,
  batchSizes: [],
  provenance: {},
} as const
const whole: LanguageModel = {
  info,
  chatTemplate: null,
  read: readLists({
    loglikelihood: async () => [],
    loglikelihood_rolling: async () => [],
    generate_until: async () => [],
  }),
  close: async () => {},
}

describe('checkModel', () => {
  it('takes a whole model, also one whose members are of its class', () => {
    class Own {
      get info() {
        return info
      }
      readonly chatTemplate = { source: '', render: () => '' }
      read() {}
      close() {}
    }
    expect(() => checkModel(whole)).not.toThrow()
    expect(() => checkModel(new Own())).not.toThrow()
  })

  it('names everything that is missing or of another kind', () => {
    const { close, ...open } = whole
    expect(() => checkModel(open)).toThrow('the model lacks what a LanguageModel must have: close (a function)')
    const { info: _, ...unknown } = whole
    expect(() => checkModel(unknown)).toThrow(/info\.numParameters \(a number\), .* info\.provenance \(an object\)$/)
    const odd = { ...whole, chatTemplate: 'x', info: { ...info, maxLength: '8', eosToken: '</s>', batchSizes: 1 } }
    expect(() => checkModel(odd, 'model "odd"')).toThrow(
      'model "odd" lacks what a LanguageModel must have: chatTemplate (null or { source, render }), ' +
        'info.maxLength (a number), info.eosToken (null or [text, id]), info.batchSizes (a list of numbers)',
    )
    expect(() => checkModel(undefined)).toThrow('the model is undefined, not a LanguageModel')
  })

  it.each(Object.keys(whole))('looks for %s in what is evaluated', async (member) => {
    const model = { ...whole, [member]: undefined } as LanguageModel
    await expect(evaluate({ model, tasks: [] })).rejects.toThrow(member)
  })

  it('looks at what a registered factory makes', async () => {
    registerModel('half', async () => ({ info: { provenance: {} } }) as LanguageModel)
    await expect(getModelFactory('half')({}, {} as ModelContext)).rejects.toThrow(
      /^model "half" lacks what a LanguageModel must have: read \(a function\), .*close \(a function\)/,
    )
    expect(() => registerModel('none', undefined as never)).toThrow('model "none" has no factory')
  })
})
