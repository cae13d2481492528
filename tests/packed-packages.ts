import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const repository = dirname(dirname(fileURLToPath(import.meta.url)))

/** What of a package.json these tests look at. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** A package as `npm publish` would send it. */
export interface PackedPackage {
  readonly manifest: Manifest
  readonly tarball: string
  /** Its folder in the repository. */
  readonly source: string
  /** Its folder after unpacking. */
  readonly folder: string
}

/** Packages that users install on this machine: folders of the repository. */
const published = [
  ...readdirSync(join(repository, 'packages'))
    .map((name) => join('packages', name))
    .filter((path) => !isPrivate(join(repository, path))),
  join('runtimes', `${process.platform}-${process.arch}`),
]

/** Whether a folder's package is never published. */
export function isPrivate(folder: string): boolean {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest).private === true
}

/**
 * Packs every package and installs the tarballs into `folder`, without the network: each is unpacked and finds what its package.json declares
 * and nothing else, third parties being those of the workspace.
 */
export async function installPacked(folder: string): Promise<PackedPackage[]> {
  const tarballs = join(folder, 'tarballs')
  const filters = published.flatMap((path) => ['--filter', `./${path}`])
  await run('npx', ['-y', '--prefer-offline', 'pnpm@10', ...filters, 'pack', '--pack-destination', tarballs], {
    cwd: repository,
    env: { ...process.env, npm_config_pack_gzip_level: '1' },
  })
  const packed = await Promise.all(published.map((path) => unpack(join(repository, path), folder, tarballs)))
  for (const { manifest, source, folder: home } of packed) {
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      const own = packed.find((other) => other.manifest.name === name)
      // what is for other platforms is not installed
      const isOptional = name in (manifest.optionalDependencies ?? {})
      if (!own && isOptional && (name.startsWith('@saeval/') || !existsSync(join(source, 'node_modules', name))))
        continue
      const siblings = home.slice(0, -manifest.name.length)
      link(own?.folder ?? realpathSync(join(source, 'node_modules', name)), join(siblings, name))
    }
    // what users name themselves; the others must be found where they are declared
    if (source.includes(join(repository, 'packages'))) link(home, join(folder, 'node_modules', manifest.name))
  }
  return packed
}

async function unpack(source: string, folder: string, tarballs: string): Promise<PackedPackage> {
  const { name, version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
  const home = join(folder, 'unpacked', name.replace('/', '+'), 'node_modules', name)
  mkdirSync(home, { recursive: true })
  await run('tar', ['-xzf', join(tarballs, file), '-C', home, '--strip-components', '1'])
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest
  return { manifest, tarball: join(tarballs, file), source, folder: home }
}

/** Makes `path` another name of a folder. */
export function link(folder: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(folder, path, 'junction')
}
