import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A repository that was made by requests. */
export interface FakeRepository {
  readonly isPrivate: boolean
  gated: string | null
  readonly files: Map<string, string>
  readonly bytes: Map<string, Buffer>
  readonly commits: string[]
}

/** A hub that is written to: repositories of datasets and models, commits of small files. */
export interface FakeUploadHub {
  readonly endpoint: string
  readonly repositories: Map<string, FakeRepository>
  readonly log: string[]
  close(): Promise<void>
}

/** Starts a hub that takes one token, whose account is "me". */
export async function startFakeUploadHub(token: string): Promise<FakeUploadHub> {
  const repositories = new Map<string, FakeRepository>()
  const log: string[] = []
  const answer = (method: string, path: string, body: string): [number, unknown] => {
    if (path === '/api/whoami-v2')
      return [200, { type: 'user', id: '1', name: 'me', orgs: [], auth: { type: 'access_token' } }]
    if (path === '/api/repos/create') {
      const { name, organization, visibility } = JSON.parse(body) as Record<string, string>
      const full = `${organization}/${name}`
      if (repositories.has(full)) return [409, { error: 'You already created this dataset repo' }]
      repositories.set(full, {
        isPrivate: visibility === 'private',
        gated: null,
        files: new Map(),
        bytes: new Map(),
        commits: [],
      })
      return [200, { url: `/${full}`, id: full }]
    }
    const [, name, action] =
      /^\/api\/(?:dataset|model)s\/([^/]+\/[^/]+)\/(settings|preupload|commit|tree)/.exec(path) ?? []
    const repository = repositories.get(name ?? '')
    if (!repository) return [404, { error: 'Repository not found' }]
    if (action === 'settings' && method === 'PUT') {
      repository.gated = (JSON.parse(body) as { gated: string }).gated
      return [200, {}]
    }
    if (action === 'preupload') {
      const { files } = JSON.parse(body) as { files: { path: string }[] }
      return [200, { files: files.map(({ path }) => ({ path, uploadMode: 'regular', shouldIgnore: false })) }]
    }
    if (action === 'tree')
      return [200, [...repository.files].map(([path, text]) => ({ type: 'file', path, size: text.length, oid: 'x' }))]
    for (const line of body.split('\n').filter((text) => text !== '')) {
      const { key, value } = JSON.parse(line) as { key: string; value: Record<string, string> }
      if (key === 'header') repository.commits.push(value.summary!)
      else if (key === 'deletedFile') {
        repository.files.delete(value.path!)
        repository.bytes.delete(value.path!)
      } else {
        const bytes = Buffer.from(value.content!, 'base64')
        repository.files.set(value.path!, bytes.toString('utf8'))
        repository.bytes.set(value.path!, bytes)
      }
    }
    return [200, { commitOid: '0'.repeat(40), commitUrl: `/${name}`, hookOutput: '' }]
  }
  const read = async (request: IncomingMessage) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    return Buffer.concat(parts).toString('utf8')
  }
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const { pathname } = new URL(request.url!, 'http://x')
      log.push(`${request.method} ${pathname}`)
      const isKnown = request.headers.authorization === `Bearer ${token}`
      const [, name, path] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(decodeURIComponent(pathname)) ?? []
      const file = repositories.get(name ?? '')?.files.get(path ?? '')
      if (isKnown && file !== undefined) return response.writeHead(200).end(file)
      const [status, value] = isKnown
        ? answer(request.method!, decodeURIComponent(pathname), body)
        : [401, { error: 'Invalid' }]
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repositories,
    log,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
