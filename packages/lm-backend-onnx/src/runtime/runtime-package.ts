import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'

const { resolve } = createRequire(import.meta.url)

/** Platforms that onnxruntime is built for, each a package of its own. */
const platforms = ['darwin-arm64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64']

/**
 * Name of the package with onnxruntime's library for this machine, which files of this package can import. Throws InputError where there is
 * none for the machine, or where it was not installed.
 */
export function runtimePackage(platform = `${process.platform}-${process.arch}`): string {
  const name = `@saeval/onnxruntime-${platform}`
  if (!platforms.includes(platform))
    throw new InputError(`onnxruntime has no library for ${platform}; there are: ${platforms.join(', ')}`)
  try {
    resolve(name)
  } catch {
    throw new InputError(
      `${name} is missing, which holds onnxruntime for this machine: install again with optional dependencies and without a lockfile made ` +
        'on another platform (on Linux it needs glibc)',
    )
  }
  return name
}

/** Folder of onnxruntime's library and of the providers it finds beside itself. Throws as `runtimePackage` does. */
export function runtimeFolder(): string {
  const home = dirname(dirname(resolve(runtimePackage())))
  return join(home, 'bin', 'napi-v6', process.platform, process.arch)
}

/** Version of the installed onnxruntime. */
export function runtimeVersion(): string {
  const { version } = createRequire(import.meta.url)(`${runtimePackage()}/package.json`) as { version: string }
  return version
}
