import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server does with one request instead of answering it; undefined answers. */
export type Fault = (
  url: URL,
  request: IncomingMessage,
  count: number,
) => { status: number; headers?: Record<string, string> } | 'cut' | 'wrong bytes' | 'whole file' | undefined

/** A file of the hub: bytes, or something that makes them when a range is asked for. */
export type FakeFile = Buffer | VirtualFile

/** A file of any size that is nowhere in memory. */
export interface VirtualFile {
  readonly length: number
  subarray(start: number, end: number): Buffer
}

export interface FakeHub {
  readonly endpoint: string
  /** "GET /path" of every request so far. */
  readonly log: string[]
  /** Authorization headers by origin role. */
  readonly tokens: { readonly hub: Set<string | undefined>; readonly cdn: Set<string | undefined> }
  /** Bytes of bodies sent. */
  sent(): number
  setFault(fault: Fault | null): void
  close(): Promise<void>
}

export const commit = '0123456789abcdef0123456789abcdef01234567'

/** A server that speaks the part of the hub's API that is used: large files are redirected to a second origin, as the hub does. */
export async function startFakeHub(
  name: string,
  files: Readonly<Record<string, FakeFile>>,
  large = 1000,
): Promise<FakeHub> {
  const log: string[] = []
  const tokens = { hub: new Set<string | undefined>(), cdn: new Set<string | undefined>() }
  const counts = new Map<string, number>()
  let fault: Fault | null = null
  let sent = 0
  // a virtual file has an etag that is no sha256, so what arrives is not checked against it
  const sha = (file: FakeFile, algorithm: string) =>
    Buffer.isBuffer(file) ? createHash(algorithm).update(file).digest('hex') : `virtual-${file.length}`
  const etag = (file: FakeFile) => sha(file, file.length >= large ? 'sha256' : 'sha1')

  const sendBytes = (
    request: IncomingMessage,
    response: ServerResponse,
    bytes: FakeFile,
    headers: Record<string, string>,
    what: ReturnType<Fault>,
  ) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const ranged = range !== null && what !== 'whole file'
    const start = ranged ? Number(range[1]) : 0
    const end = ranged && range[2] !== '' ? Math.min(Number(range[2]), bytes.length - 1) : bytes.length - 1
    const part = Buffer.from(bytes.subarray(start, end + 1))
    if (what === 'wrong bytes' && part.length > 0) part[part.length - 1]! ^= 1
    const range206 = ranged ? { 'content-range': `bytes ${start}-${end}/${bytes.length}` } : {}
    response.writeHead(ranged ? 206 : 200, {
      etag: `"${etag(bytes)}"`,
      'accept-ranges': 'bytes',
      'content-length': String(part.length),
      ...headers,
      ...range206,
    })
    if (request.method === 'HEAD') return response.end()
    if (what === 'cut') {
      const half = part.subarray(0, Math.floor(part.length / 2))
      sent += half.length
      return response.write(half, () => response.destroy())
    }
    sent += part.length
    response.end(part)
  }

  const handle = (role: 'hub' | 'cdn', cdn: () => string) => (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url!, 'http://x')
    const key = `${request.method} ${role === 'cdn' ? 'cdn:' : ''}${decodeURIComponent(url.pathname)}`
    log.push(key)
    tokens[role].add(request.headers.authorization)
    counts.set(key, (counts.get(key) ?? 0) + 1)
    const what = fault?.(url, request, counts.get(key)!)
    if (typeof what === 'object') return response.writeHead(what.status, what.headers).end()
    const path = decodeURIComponent(url.pathname)
    if (role === 'cdn') return sendBytes(request, response, files[path.slice(1)]!, {}, what)
    const api = new RegExp(`^/api/(models|datasets)/${name}(?:/revision/([^/]+))?$`).exec(path)
    if (api) {
      if (api[2] !== undefined && !['main', commit].includes(api[2]))
        return response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end()
      return response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          id: name,
          _id: 'x',
          sha: commit,
          private: false,
          gated: false,
          downloads: 0,
          likes: 0,
          lastModified: '2026-01-01T00:00:00.000Z',
        }),
      )
    }
    if (path.startsWith(`/api/models/${name}/tree/`) || path.startsWith(`/api/datasets/${name}/tree/`)) {
      const entries = Object.entries(files).map(([file, bytes]) => ({
        type: 'file',
        path: file,
        size: bytes.length,
        oid: sha(bytes, 'sha1'),
        ...(bytes.length >= large ? { lfs: { oid: sha(bytes, 'sha256'), size: bytes.length, pointerSize: 100 } } : {}),
      }))
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries))
    }
    const file = new RegExp(`^/(?:datasets/)?${name}/(?:resolve|raw)/${commit}/(.+)$`).exec(path)?.[1]
    if (file === undefined) return response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end()
    const bytes = files[file]
    if (bytes === undefined) return response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    const headers = {
      'x-repo-commit': commit,
      'x-linked-size': String(bytes.length),
      'x-linked-etag': `"${etag(bytes)}"`,
    }
    if (bytes.length >= large)
      return response.writeHead(302, { ...headers, location: `${cdn()}/${encodeURIComponent(file)}` }).end()
    sendBytes(request, response, bytes, headers, what)
  }

  const listen = (server: Server) =>
    new Promise<string>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    )
  let cdnOrigin = ''
  const hub = createServer(handle('hub', () => cdnOrigin))
  const cdn = createServer(handle('cdn', () => cdnOrigin))
  cdnOrigin = await listen(cdn)
  const endpoint = await listen(hub)
  const stop = (server: Server) =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    endpoint,
    log,
    tokens,
    sent: () => sent,
    setFault: (next) => {
      fault = next
      counts.clear()
    },
    close: async () => {
      await stop(hub)
      await stop(cdn)
    },
  }
}
