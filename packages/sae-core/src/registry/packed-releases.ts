import { createRequire } from 'node:module'

/** The releases of the package's data file, as they stand there. */
export function packedReleases(): unknown {
  return createRequire(import.meta.url)('./registry.data.json')
}
