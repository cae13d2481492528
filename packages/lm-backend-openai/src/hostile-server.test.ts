import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateUntil, loglikelihood, type ModelArguments } from '@saeval/language-model'
import { afterEach, describe, expect, it } from 'vitest'
import { demoFolder, repository } from '../../../tests/fixtures.js'
import { type Behaviour, type FakeServer, fakeServer, json } from './fake-server.testing.js'
import { openCompletions } from './local-completions.js'

const certificate = join(repository, 'fixtures/tls/cert.pem')
const tls = {
  key: readFileSync(join(repository, 'fixtures/tls/key.pem'), 'utf8'),
  cert: readFileSync(certificate, 'utf8'),
}
const greedy = { context: 'The dog', until: ['|'], maxGenToks: 5, doSample: false, temperature: 0 }

let server: FakeServer
const notices: string[] = []
const waits: number[] = []
afterEach(async () => {
  await server.close()
  notices.length = 0
  waits.length = 0
  delete process.env.OPENAI_API_KEY
})

function open(args: ModelArguments = {}) {
  return openCompletions(
    { base_url: server.url, model: 'm', tokenizer: join(demoFolder, 'model'), max_retries: 2, ...args },
    { batchSize: '1', device: null, notice: (line) => notices.push(String(line)), hub: {} },
    { wait: async (seconds) => void waits.push(seconds) },
  )
}
const meets = async (behaviour: Behaviour, times = 2) => {
  server = await fakeServer()
  for (let time = 0; time < times; time++) server.next.push(behaviour)
}

describe('a server over TLS', () => {
  it('is trusted by the certificate that is named, or unchecked where that is asked for', async () => {
    server = await fakeServer(tls)
    expect(await generateUntil(await open({ ca_cert_path: certificate }), [greedy])).toHaveLength(1)
    expect(await generateUntil(await open({ verify_certificate: false }), [greedy])).toHaveLength(1)
    await expect(generateUntil(await open(), [greedy])).rejects.toThrow(
      /failed 2 times, the last time: self-signed cert/,
    )
    expect(server.calls).toHaveLength(2)
  })

  it('needs a certificate that is one, and an address that takes one', async () => {
    server = await fakeServer(tls)
    const config = join(demoFolder, 'model', 'config.json')
    await expect(open({ ca_cert_path: config })).rejects.toThrow(
      /ca_cert_path .*config\.json holds no certificate in PEM$/,
    )
    await expect(open({ ca_cert_path: '/nowhere.pem' })).rejects.toThrow(/ca_cert_path \/nowhere\.pem cannot be read$/)
    const plain = server.url.replace('https', 'http')
    await expect(open({ base_url: plain, ca_cert_path: certificate })).rejects.toThrow(
      /cannot take effect with base_url/,
    )
  })
})

describe('a server that means no good', () => {
  it('is heard up to a limit, and not longer', async () => {
    await meets((_, response) => {
      const part = Buffer.alloc(2 ** 22, 0x20)
      const more = () => {
        while (!response.destroyed && response.write(part));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    }, 1)
    await expect(generateUntil(await open({ max_retries: 1 }), [greedy])).rejects.toThrow(
      /^the server at \S+ failed: its answer has more than 67108864 bytes$/,
    )
  })

  it('makes nobody wait for a day, and is told on once', async () => {
    await meets((_, response) => json(response, {}, 429, { 'retry-after': '86400' }), 3)
    await generateUntil(await open({ max_retries: 4 }), [greedy])
    expect(waits).toEqual([120, 120, 120])
    expect(notices).toEqual([
      expect.stringMatching(/^the server at \S+ asks to wait 86400 s; 120 s are waited at most$/),
    ])
  })

  it('that sends no headers is left in time', async () => {
    await meets(() => {})
    await expect(generateUntil(await open({ timeout: 0.05 }), [greedy])).rejects.toThrow(
      /no whole answer within 0\.05 s$/,
    )
  })

  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  it.each([
    ['deep JSON', deep, /the answer has no choices$/],
    ['deep choices', `{"choices": ${deep}}`, /the answer has no choices$/],
    ['no object', 'null', /the answer has no choices$/],
    ['half an index', '{"choices": [{"index": 0.5, "text": ""}]}', /have no index, or not one for each prompt$/],
    ['a text that is none', '{"choices": [{"index": 0, "text": {"constructor": 1}}]}', /whose text is none$/],
    ['a name of a prototype', '{"choices": {"__proto__": []}}', /the answer has no choices$/],
  ])('is told so: %s', async (_, text, message) => {
    await meets((_call, response) => void response.end(text), 1)
    await expect(generateUntil(await open(), [greedy])).rejects.toThrow(message)
  })

  it.each(['"x"', '1e999', 'null', '[]'])('has no log-probability %s', async (value) => {
    await meets(({ body }, response) => {
      const count = (body.prompt as number[][])[0]!.length + 1
      const list = (item: string) => `[${Array.from({ length: count }, () => item).join()}]`
      response.end(
        `{"choices": [{"index": 0, "logprobs": {"token_logprobs": ${list('-1')}, "top_logprobs": ${list(`{"a": ${value}}`)}}}]}`,
      )
    }, 1)
    const scored = loglikelihood(await open(), [{ context: 'The dog', continuation: ' eats' }])
    await expect(scored).rejects.toThrow(/the answer has no log-probability of token \d+$/)
  })

  it('cannot write to the terminal, nor show a key by cutting it', async () => {
    process.env.OPENAI_API_KEY = `sk-${'0123456789'.repeat(10)}`
    const key = process.env.OPENAI_API_KEY
    await meets((_, response) => json(response, { error: { message: `\x1b[2J${'a'.repeat(150)} ${key}` } }, 400), 1)
    const said = await generateUntil(await open(), [greedy]).catch((error: Error) => error.message)
    expect(said).toMatch(/refuses the request: 400 \( ?\[2Ja{150} \*\*\*\)$/)
  })

  it('whose address has a damaged password is asked all the same', async () => {
    await meets((_, response) => json(response, { choices: [{ index: 0, text: 'x' }] }), 1)
    const model = await open({ base_url: server.url.replace('http://', 'http://u%zz:p%zz@') })
    expect(await generateUntil(model, [greedy])).toEqual(['x'])
    expect(server.calls[0]!.headers.authorization).toBe(`Basic ${Buffer.from('u%zz:p%zz').toString('base64')}`)
  })
})
