import { generateUntil, loglikelihood, type ModelArguments } from '@saeval/language-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeServer, fakeServer, json } from './fake-server.testing.js'
import { localChatCompletions } from './local-chat-completions.js'

let server: FakeServer
let notices: string[]
beforeEach(async () => {
  server = await fakeServer()
  notices = []
})
afterEach(() => server.close())

const openChat = async (args: ModelArguments = {}) => {
  const notice = (line: unknown) => notices.push(String(line))
  return localChatCompletions(
    { model: 'm', base_url: server.url, ...args },
    { batchSize: '1', device: null, notice, hub: {} },
  )
}
const greedy = { until: ['|'], maxGenToks: 9, doSample: false, temperature: 0 }
const pair = [{ context: 'The dog ate', continuation: ' a bone' }]

describe('local-chat-completions', () => {
  const conversation = JSON.stringify([{ role: 'user', content: 'hello' }])

  it('sends conversations, at most four stops, and drops thoughts', async () => {
    const model = await openChat({ think_end_token: '</think>' })
    const request = { ...greedy, until: ['|', 'b', 'c', 'd', 'e'], context: conversation }
    expect(await generateUntil(model, [request])).toEqual(['HELLO'])
    expect(server.calls[0]!.body).toMatchObject({
      messages: [{ role: 'user', content: 'hello' }],
      stop: ['|', 'b', 'c', 'd'],
      max_tokens: 9,
    })
    expect(
      model.chatTemplate!.render([{ role: 'user', content: 'hello' }], {
        addGenerationPrompt: true,
        continueFinalMessage: false,
      }),
    ).toBe(conversation)
  })

  it('has no log-likelihoods, and needs conversations', async () => {
    const model = await openChat()
    await expect(loglikelihood(model, pair)).rejects.toThrow('local-chat-completions has no log-likelihoods')
    await expect(generateUntil(model, [{ ...greedy, context: 'hello' }])).rejects.toThrow('add `applyChatTemplate`')
  })

  it('takes no text for an empty one, and says so', async () => {
    server.next.push((_, response) => json(response, { choices: [{ index: 0, message: { content: null } }] }))
    expect(await generateUntil(await openChat(), [{ ...greedy, context: conversation }])).toEqual([''])
    expect(notices.join()).toContain('gave no text')
  })
})
