import { createRequire } from 'node:module'
import { InputError } from '@saeval/hub'
import type * as Koffi from 'koffi'

const load = createRequire(import.meta.url)

/**
 * koffi for this machine: the package that koffi itself would load. koffi's own package has an install script, which builds one from source where
 * its platform's is missing; those of the platforms have none. Throws InputError where it was not installed.
 */
export function openKoffi(platform = `${process.platform}-${process.arch}`): typeof Koffi {
  const name = `@koromix/koffi-${platform}`
  try {
    return load(name) as typeof Koffi
  } catch (cause) {
    throw new InputError(
      `${name} is missing, by which onnxruntime is called for devices: install again with optional dependencies`,
      { cause },
    )
  }
}
