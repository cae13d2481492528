import { createReadStream, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, relative, sep } from 'node:path'

/** A hub that offers every repository of a Hugging Face cache, as the hub's API does. */
export interface HubOfCache {
  readonly endpoint: string
  close(): Promise<void>
}

/** Starts it on the loopback interface. `cache` is the folder that holds "models--…" and "datasets--…". */
export async function startHubOfCache(cache: string): Promise<HubOfCache> {
  const snapshot = (type: string, name: string) => {
    const folder = join(cache, `${type}--${name.replaceAll('/', '--')}`)
    if (!existsSync(folder)) return null
    const commit = readFileSync(join(folder, 'refs', 'main'), 'utf8').trim()
    return { commit, files: join(folder, 'snapshots', commit) }
  }
  // an etag names a blob; it must be no sha256, so that the file is not hashed at every question
  const etag = (file: string) =>
    `"${relative(cache, realpathSync(file))
      .replaceAll(/[^\w]+/g, '-')
      .slice(-60)}"`
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://hub').pathname)
    const json = (value: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    const api = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)(?:\/(revision|tree)\/[^/]+(?:\/.*)?)?$/.exec(path)
    const file = /^\/(datasets\/)?([^/]+\/[^/]+)\/(?:resolve|raw)\/[^/]+\/(.+)$/.exec(path)
    const found = api ? snapshot(api[1]!, api[2]!) : file ? snapshot(file[1] ? 'datasets' : 'models', file[2]!) : null
    if (found === null) return response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end()
    if (api?.[3] === 'tree') {
      const paths = readdirSync(found.files, { recursive: true }) as string[]
      const files = paths.filter((name) => statSync(join(found.files, name)).isFile())
      return json(
        files.map((name) => ({
          type: 'file',
          path: name.split(sep).join('/'),
          size: statSync(join(found.files, name)).size,
          oid: 'x',
        })),
      )
    }
    if (api) {
      const dates = { lastModified: '2026-01-01T00:00:00.000Z' }
      return json({
        id: api[2],
        _id: 'x',
        sha: found.commit,
        private: false,
        gated: false,
        downloads: 0,
        likes: 0,
        ...dates,
      })
    }
    const place = join(found.files, file![3]!)
    if (!existsSync(place)) return response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    const { size } = statSync(place)
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(range?.[1] ?? 0)
    const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1
    response.writeHead(range ? 206 : 200, {
      etag: etag(place),
      'accept-ranges': 'bytes',
      'content-length': Math.max(0, end - start + 1),
      'x-repo-commit': found.commit,
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    })
    if (request.method === 'HEAD' || size === 0) return response.end()
    createReadStream(place, { start, end }).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
