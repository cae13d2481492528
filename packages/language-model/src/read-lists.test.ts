import { expect, it } from 'vitest'
import { readLists } from './read-lists.js'

it('tells the tokens of a text by its place in the whole list, whatever part of it is answered', async () => {
  const read = readLists({
    loglikelihood: async (requests) => requests.map(() => ({ logprob: -1, isGreedy: false })),
    loglikelihood_rolling: async (requests) => requests.map(() => -1),
    generate_until: async (requests, options) =>
      requests.map(({ context }, request) => {
        options?.onTokens?.({ request, promptIds: [], newIds: [context.length] })
        return context
      }),
  })
  const text = (context: string) => ({
    ...{ type: 'generate_until' as const, context, until: [], maxGenToks: 1, doSample: false, temperature: 0 },
  })
  const requests = [text('a'), { type: 'loglikelihood_rolling' as const, text: '' }, text('bb'), text('ccc')]
  const told: [number, number][] = []
  const { answer } = await read(requests)
  const onTokens = (tokens: { readonly request: number; readonly newIds: readonly number[] }) => {
    told.push([tokens.request, tokens.newIds[0]!])
  }
  expect(await answer([3, 1, 2], { onTokens })).toEqual(['ccc', -1, 'bb'])
  expect(told).toEqual([
    [3, 3],
    [2, 2],
  ])
})
