import { generateUntil } from '@saeval/language-model'
import { describe, expect, it } from 'vitest'
import { daily } from '../../../../tests/daily.js'
import { fixtureJson } from '../../../../tests/fixtures.js'
import { goldenModelNames, openGoldenModel } from '../golden-models.testing.js'

describe.each(goldenModelNames)('%s', (name) => {
  it('writes what it writes alone: a shared beginning, other lengths, rows that leave', daily(name), async () => {
    const golden = fixtureJson(`golden/models/${name.replace('/', '--')}.json`)
    const [alone, together] = await Promise.all([openGoldenModel(name, 1), openGoldenModel(name, 'auto')])
    const { tokenizer } = alone
    const beginning = tokenizer.decode(golden.forward[2].ids.slice(0, 30), { skipSpecialTokens: true })
    const ends = golden.generate.prompts.map(({ text }: { text: string }) => text.slice(0, 24))
    // more than the places that are reserved at once, and little enough for the model
    const lengths = [70, 1, 5, 2, 12]
    for (const doSample of [false, true]) {
      const requests = lengths.map((maxGenToks, index) => ({
        context: `${beginning} ${ends[index % ends.length]} ${'and '.repeat(index)}`,
        until: [],
        maxGenToks,
        doSample,
        temperature: 0.5,
        settings: { top_k: 3 },
      }))
      // seeds are by place, so that a request alone must have its place: the others are asked for nothing
      const texts = await generateUntil(together, requests)
      const single = []
      for (const index of requests.keys()) {
        const only = requests.map((request, at) => (at === index ? request : { ...request, maxGenToks: 0 }))
        single.push((await generateUntil(alone, only))[index])
      }
      expect(texts).toEqual(single)
    }
    const { requested, computed } = together.report().tokens!
    expect(computed).toBeLessThan(requested)
  })
})
