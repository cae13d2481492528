import { sha256 } from '@saeval/hub/internal/disk'

/** A hash of JSON values and typed arrays, whatever they are nested in; other for every other value. */
export function fingerprintOf(value: unknown): string {
  const hash = sha256()
  const write = (item: unknown): void => {
    if (ArrayBuffer.isView(item)) {
      hash.update(`\n${item.constructor.name} ${item.byteLength}:`)
      hash.update(new Uint8Array(item.buffer, item.byteOffset, item.byteLength))
    } else if (Array.isArray(item)) {
      hash.update(`[${item.length}:`)
      item.forEach(write)
    } else if (item instanceof Map || item instanceof Set) {
      write([...item])
    } else if (typeof item === 'object' && item !== null) {
      // what others hide would be missing in the hash
      if (Object.getPrototypeOf(item) !== Object.prototype)
        throw new TypeError(`${item.constructor?.name ?? 'an object'} has no fingerprint`)
      const entries = Object.entries(item).filter(([, part]) => part !== undefined)
      hash.update(`{${entries.length}:`)
      for (const [key, part] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
        hash.update(`${JSON.stringify(key)}:`)
        write(part)
      }
    } else if (typeof item === 'function') {
      throw new TypeError('functions have no fingerprint')
    } else {
      // JSON has neither -0 nor infinities
      hash.update(typeof item === 'number' ? `${Object.is(item, -0) ? '-0' : item};` : `${JSON.stringify(item)};`)
    }
  }
  write(value)
  return hash.hex()
}
