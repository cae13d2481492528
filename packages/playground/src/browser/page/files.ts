/** Files of the page: the scripts beside it give them as base64 of gzip, because a page that is opened as a file may read no other files. */
const waiting = new Map<string, (text: string) => void>()
const given = new Map<string, string>()

declare global {
  /** Called by the scripts of files. */
  var saevalFile: (name: string, gzipped: string) => void
}

globalThis.saevalFile = (name, gzipped) => {
  given.set(name, gzipped)
  waiting.get(name)?.(gzipped)
}

/** The bytes of a file; waits until its script is there. */
export async function fileBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = given.get(name) ?? (await new Promise<string>((resolve) => waiting.set(name, resolve)))
  // each is taken once: what is left would be memory for nothing
  given.delete(name)
  return gunzip(decode(text))
}

/** All files that scripts have given so far, but for the page's own, whose names begin with "/". */
export async function modelFiles(): Promise<Record<string, Uint8Array>> {
  await fileBytes('/complete')
  const names = [...given.keys()].filter((name) => !name.startsWith('/'))
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await fileBytes(name)] as const)))
}

/** Of newer browsers, and many times as fast. */
const { fromBase64 } = Uint8Array as { fromBase64?: (base64: string) => Uint8Array<ArrayBuffer> }

function decode(base64: string): Uint8Array<ArrayBuffer> {
  if (fromBase64 !== undefined) return fromBase64(base64)
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
