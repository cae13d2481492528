import type { LanguageModel, PlannedWork } from '@saeval/language-model'
import { expect, it } from 'vitest'
import { readBlocks } from './ask-model.js'
import type { PreparedTask } from './prepare-task.js'

it('a worker of a few blocks plans no others', async () => {
  const asked = Array.from({ length: 3 }, (_, docId) => {
    const context = `${docId}`.repeat(140_000)
    return { docId, requests: [{ type: 'loglikelihood', context, continuation: ' yes' }] }
  })
  const tasks = [{ task: { config: { file: 'task.yaml', repeats: 1 } }, asked }] as unknown as PreparedTask[]
  const planned: (readonly number[])[] = []
  const model = {
    read: async () => ({
      planned: (indices: readonly number[]): Partial<PlannedWork> => {
        planned.push(indices)
        return { work: 7 }
      },
      answer: async (indices: readonly number[]) => indices.map(() => ({ logprob: -1, isGreedy: true })),
    }),
  } as unknown as LanguageModel
  const blocks = await readBlocks(model, tasks)
  expect(blocks.map(({ kind, requests }) => [kind, requests])).toEqual(Array(3).fill(['loglikelihood', 1]))
  expect(await blocks[2]!.answer()).toEqual([{ logprob: -1, isGreedy: true }])
  expect(planned).toEqual([])
  expect([blocks[1]!.plan(), blocks[1]!.plan()]).toEqual([{ work: 7 }, { work: 7 }])
  expect(planned).toEqual([[1]])
})
