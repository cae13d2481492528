import { existsSync, readdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { commit } from './fake-hub.testing.js'
import {
  type HubLimits,
  InputError,
  listRepositoryFiles,
  openRepositoryFile,
  repositoryFile,
  resolveRepository,
} from './index.js'
import { type Answer, drip, file, flood, json, sendFile } from './lying-answers.testing.js'

/** What the hub says, and what its other host does; a test sets them. */
let answer: Answer
const foreignTokens: unknown[] = []
const servers: Server[] = []
let endpoint = ''
let other = ''

beforeAll(async () => {
  const listen = async (handle: (request: IncomingMessage, response: ServerResponse) => unknown) => {
    const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1')
    servers.push(server)
    await new Promise((resolve) => server.once('listening', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  endpoint = await listen((request, response) => answer(response, request, new URL(request.url!, 'http://x')))
  other = await listen((request, response) => {
    foreignTokens.push(request.headers.authorization)
    json(response, [])
  })
})
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
})

const options = (limits: Partial<HubLimits>) => ({
  env: { HF_HOME: temporaryFolder(), HF_ENDPOINT: endpoint, HF_TOKEN: 'hf_secret' },
  limits,
})
type Options = ReturnType<typeof options>
const resolve = (given: Options, revision?: string) =>
  resolveRepository({ type: 'model', name: 'evil/thing', ...(revision ? { revision } : {}), ...given })
const steps = {
  resolve: (given: Options) => resolve(given),
  list: async (given: Options) => listRepositoryFiles(await resolve(given, commit), given),
  download: async (given: Options) => repositoryFile(await resolve(given, commit), 'a.json', given),
  read: async (given: Options) =>
    (await openRepositoryFile(await resolve(given, commit), 'a.json', given)).read(10, 50),
}
const short = { answer: 0.2, stall: 0.2 }

it.each<[string, keyof typeof steps, Partial<HubLimits>, Answer, RegExp]>([
  [
    'does not answer',
    'resolve',
    short,
    () => {},
    /cannot reach .* \(no answer within 0\.2 seconds; HF_HUB_ETAG_TIMEOUT allows more\)/,
  ],
  [
    'drips its answer',
    'resolve',
    short,
    (response) => drip(response.writeHead(200), {} as never, {} as never),
    /stopped sending evil\/thing: less than 100 bytes a second arrived for 0\.2 seconds \(HF_HUB_DOWNLOAD_TIMEOUT/,
  ],
  [
    'answers without an end',
    'resolve',
    { answerBytes: 1e5 },
    flood,
    /is an answer of more than 100000 bytes \(SAEVAL_HUB_ANSWER_BYTES allows more\)/,
  ],
  [
    'answers a page',
    'resolve',
    {},
    (response) => response.end('<html>'),
    /is not JSON; is 127\.0\.0\.1:\d+ a Hugging Face Hub\?/,
  ],
  ['answers null', 'resolve', {}, (response) => json(response, null), /: it is null, expected an object/],
  [
    'names a path as commit',
    'resolve',
    {},
    (response) => json(response, { sha: '../../x' }),
    /: sha is "..\/..\/x", expected a commit/,
  ],
  [
    'wants a day',
    'resolve',
    {},
    (response) => response.writeHead(429, { 'retry-after': '86400' }).end(),
    /asks to wait 86400 seconds before evil\/thing .*\(SAEVAL_HUB_WAIT/,
  ],
  [
    'wants a date',
    'resolve',
    {},
    (response) => response.writeHead(503, { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' }).end(),
    /asks to wait \d+ seconds/,
  ],
  [
    'redirects in a circle',
    'resolve',
    {},
    (response, request) => response.writeHead(302, { location: `${request.url}x` }).end(),
    /leads evil\/thing nowhere \(redirect/,
  ],
  [
    'redirects to a file',
    'resolve',
    {},
    (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    /leads evil\/thing nowhere \(/,
  ],
  [
    'redirects to another host',
    'resolve',
    {},
    (response, request) => response.writeHead(302, { location: other + request.url }).end(),
    /it is \[\], expected an object/,
  ],
  [
    'lists what is no list',
    'list',
    {},
    (response) => json(response, { a: 1 }),
    /: it is \{"a":1\}, expected a list of files/,
  ],
  [
    'lists sizes that are none',
    'list',
    {},
    (response) => json(response, [{ type: 'file', path: 'a', size: -1 }]),
    /\[0\]\.size is -1, expected a whole number/,
  ],
  [
    'lists in a circle',
    'list',
    {},
    (response, request) => json(response, file('a'), { link: `<${request.url}>; rel="next"` }),
    /goes in a circle/,
  ],
  [
    'lists without an end',
    'list',
    { pages: 3 },
    (response, _, url) => json(response, file('a'), { link: `<${url.pathname}?at=${Math.random()}>; rel="next"` }),
    /has no end within 3 answers \(SAEVAL_HUB_PAGES allows more\)/,
  ],
  [
    'lists on at another host',
    'list',
    {},
    (response) => json(response, file('a'), { link: `<${other}/api/x>; rel="next"` }),
    /goes on at 127\.0\.0\.1:\d+, not at .* set HF_ENDPOINT to the hub itself/,
  ],
  [
    'lists on at no address',
    'list',
    {},
    (response) => json(response, file('a'), { link: '<http://[>; rel="next"' }),
    /goes on at an address that is none/,
  ],
  ...['../x', 'a/../../x', '/etc/x', 'a//b', 'a\\b', 'a\nb', '', 'a/.', `${'a'.repeat(2000)}`].map(
    (path): [string, 'list', object, Answer, RegExp] => [
      `lists ${path.slice(0, 20)}`,
      'list',
      {},
      (response) => json(response, file(path)),
      /lists a file of evil\/thing that no folder can hold/,
    ],
  ),
  ['gives no etag', 'download', {}, sendFile({ headers: { etag: '' } }), /does not say what evil\/thing\/a\.json is/],
  [
    'gives an etag that is a path',
    'download',
    {},
    sendFile({ etag: () => '"../../x"' }),
    /an etag that is no file name: "\\"..\/..\/x\\""/,
  ],
  ['gives an etag that is a folder', 'download', {}, sendFile({ etag: () => '".."' }), /an etag that is no file name/],
  [
    'gives a long etag',
    'download',
    {},
    sendFile({ etag: () => 'a'.repeat(5000) }),
    /an etag that is no file name: "a{99}…/,
  ],
  ['gives no size', 'download', {}, sendFile({ total: '*' }), /does not say what evil\/thing\/a\.json is/],
  [
    'gives a size below 0',
    'download',
    {},
    sendFile({ total: -5 }),
    /gives evil\/thing\/a\.json a size that is none: -5/,
  ],
  [
    'gives a size that is too large',
    'download',
    {},
    sendFile({ total: 9e15 }),
    /broke off at byte 300 of 9000000000000000/,
  ],
  [
    'gives a size that is too small',
    'download',
    {},
    sendFile({ total: 5 }),
    /broke off at byte 0 of 5 \(.* sent more of evil\/thing\/a\.json than was asked for\)/,
  ],
  [
    'sends without an end',
    'download',
    {},
    sendFile({ end: flood }),
    /sent more of evil\/thing\/a\.json than was asked for/,
  ],
  [
    'stops sending',
    'download',
    short,
    sendFile({ end: (response) => response.write('x') }),
    /broke off at byte [12] of 300 \(.* stopped sending/,
  ],
  ['drips a file', 'download', short, sendFile({ end: drip }), /broke off at byte \d+ of 300 \(.* stopped sending/],
  [
    'sends other bytes',
    'read',
    {},
    sendFile({ from: 0 }),
    /answered bytes 10 to 59 of evil\/thing\/a\.json with others \(bytes 0-59\/300\)/,
  ],
  ['sends more bytes', 'read', {}, sendFile({ end: flood }), /sent more of evil\/thing\/a\.json than was asked for/],
  [
    'stops sending bytes',
    'read',
    short,
    sendFile({ end: (response) => response.write('x') }),
    /did not arrive: .* stopped sending/,
  ],
  [
    'breaks off',
    'read',
    {},
    sendFile({ end: (response) => response.destroy() }),
    /did not arrive: the connection breaks|cannot reach/,
  ],
])('a hub that %s', async (_, step, limits, lie, message) => {
  answer = lie
  const given = options(limits)
  const error: unknown = await steps[step](given).catch((cause: unknown) => cause)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message).toMatch(/^[^\n]{1,500}$/)
  expect(InputError.isInstance(error)).toBe(false)
  expect(
    readdirSync(given.env.HF_HOME, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /incomplete|tmp|a\.json/.test(name),
    ),
  ).toEqual([])
})

it('gives no token to another host', () => {
  expect(new Set(foreignTokens)).toEqual(new Set([undefined]))
})

it('a file that changes while it is read is no file', async () => {
  let version = 0
  answer = sendFile({ etag: () => `"v${version++}"` })
  const given = options({})
  const source = await openRepositoryFile(await resolve(given, commit), 'a.json', given)
  await source.read(0, 10)
  await expect(source.read(10, 10)).rejects.toThrow('a.json has changed at the hub while it was read')
  expect(existsSync(join(given.env.HF_HOME, 'hub', 'models--evil--thing', 'blobs'))).toBe(false)
})

it('does not take the cached files for those of a list that is wrong', async () => {
  const given = options({})
  answer = sendFile({})
  await repositoryFile(await resolve(given, commit), 'a.json', given)
  answer = (response) => json(response, file('../x'))
  await expect(listRepositoryFiles(await resolve(given, commit), given)).rejects.toThrow('that no folder can hold')
})
