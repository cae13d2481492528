import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What a call sent. */
export interface Call {
  readonly body: Record<string, unknown>
  readonly headers: IncomingMessage['headers']
}

/** Answers a call, or breaks. */
export type Behaviour = (call: Call, response: ServerResponse) => void | Promise<void>

/** A server of completions on this machine that does what tests say. */
export interface FakeServer {
  readonly url: string
  readonly calls: Call[]
  /** What the next calls meet, one each; afterwards all are answered properly. */
  readonly next: Behaviour[]
  /** Most calls that were under way at once. */
  most(): number
  close(): Promise<void>
}

/** A made log-probability of a token that comes after another. */
export function logprobOf(before: number, token: number): number {
  return -(((before * 31 + token * 17) % 97) + 1) / 10
}

/** Answers as vLLM does: echoes prompts of tokens with made numbers, writes "<prompt length>\n more". */
export const properly: Behaviour = ({ body }, response) => {
  const { prompt, messages } = body as { prompt?: unknown; messages?: readonly { content: string }[] }
  if (messages !== undefined) {
    const content = `<think>hm</think> ${messages.at(-1)!.content.toUpperCase()}|rest`
    return json(response, { choices: [{ index: 0, message: { role: 'assistant', content } }] })
  }
  const prompts = (typeof prompt === 'string' ? [prompt] : prompt) as (string | number[])[]
  const choices = prompts.map((item, index) => {
    const ids = typeof item === 'string' ? [...item].map((letter) => letter.codePointAt(0)!) : item
    if (body.echo !== true) return { index, text: `${ids.length}|and more` }
    const each = [...ids, 7].map((id, at) => (at === 0 ? null : logprobOf([...ids, 7][at - 1]!, id)))
    // even ids are the most likely ones
    const top = [...ids, 7].map((id, at) => (at === 0 ? null : { own: each[at]!, other: id % 2 === 0 ? -99 : -0.01 }))
    return { index, text: '', logprobs: { token_logprobs: each, top_logprobs: top } }
  })
  // servers need not keep the order
  json(response, { choices: choices.reverse() })
}

/** Sends JSON. */
export function json(response: ServerResponse, value: unknown, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

/** Starts a server on a free port, over TLS where it is given a key and a certificate. */
export async function fakeServer(tls?: { readonly key: string; readonly cert: string }): Promise<FakeServer> {
  const calls: Call[] = []
  const next: Behaviour[] = []
  let [now, most] = [0, 0]
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    most = Math.max(most, ++now)
    response.on('close', () => now--)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>
    const call = { body, headers: request.headers }
    calls.push(call)
    await (next.shift() ?? properly)(call, response)
  }
  const server = tls ? createSecureServer(tls, answer) : createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/v1/completions`,
    calls,
    next,
    most: () => most,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
