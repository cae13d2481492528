import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PackedPackage } from './packed-packages.js'

/** A registry on this machine that has packed packages and no others: what `npm publish` would make of them. */
export interface LocalRegistry {
  readonly url: string
  close(): void
}

/** Serves packages as the npm registry does: for each name a document with its versions, and the tarballs. */
export async function serveRegistry(packages: readonly PackedPackage[]): Promise<LocalRegistry> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    const item = packages.find(({ manifest }) => path === manifest.name || path === `${manifest.name}.tgz`)
    if (!item) {
      response.writeHead(404).end('{}')
      return
    }
    const { manifest } = item
    const tarball = readFileSync(item.tarball)
    if (path.endsWith('.tgz')) {
      response.end(tarball)
      return
    }
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const version = { ...manifest, dist: { tarball: `${url}/${manifest.name}.tgz`, integrity } }
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        name: manifest.name,
        'dist-tags': { latest: manifest.version },
        versions: { [manifest.version]: version },
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, close: () => void server.close() }
}
