import { fileState, openFile } from '#disk'
import { type ByteSource, seekCost } from './byte-source.js'
import { InputError } from './input-error.js'
import { systemReason } from './system-reason.js'

/** Opens a file on disk for positioned reads; throws InputError when it is not a readable file. */
export async function openLocalFile(path: string): Promise<ByteSource> {
  const refuse = (cause: Error) => {
    throw new InputError(`cannot read ${path}: ${systemReason(cause) ?? cause.message}`, { cause })
  }
  // opening a pipe would wait for somebody to write to it
  const stats = await fileState(path).catch(refuse)
  if (!stats.isFile()) throw new InputError(`${path} is not a file`)
  const handle = await openFile(path).catch(refuse)
  return {
    name: path,
    byteLength: stats.size,
    seekCost: seekCost.disk,
    read: async (offset, length) => {
      // check before allocating: a damaged header may ask for terabytes
      if (offset < 0 || length < 0 || offset + length > stats.size) {
        throw new InputError(
          `${path} ends at byte ${stats.size}, but bytes ${offset} to ${offset + length} were expected: the file is damaged or incomplete; download it again`,
        )
      }
      const bytes = new Uint8Array(length)
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
        if (bytesRead === 0) throw new InputError(`${path} became shorter while it was read`)
        filled += bytesRead
      }
      return bytes
    },
    fetchWhole: async () => {},
    close: () => handle.close(),
  }
}
