/**
 * Files of the page. Scripts beside it give them as base64 of gzip, because a page that is opened as a file may read no others; a server's page asks its server
 * for those of the model.
 */
const waiting = new Map<string, (text: string) => void>()
const given = new Map<string, string>()
const taken = new Set<string>()
/** Addresses of files that the server gives. */
const served = new Map<string, string>()
let complete: () => void
const completed = new Promise<void>((resolve) => {
  complete = resolve
})

declare global {
  /** Called by the scripts of files; the name "/complete" stands behind the last one. */
  var saevalFile: (name: string, gzipped: string) => void
  /** Called by a server's script: names and addresses of all files of the model. */
  var saevalServed: (files: readonly (readonly [name: string, address: string])[]) => void
}

globalThis.saevalFile = (name, gzipped) => {
  if (name === '/complete') return complete()
  taken.delete(name)
  given.set(name, gzipped)
  waiting.get(name)?.(gzipped)
}

globalThis.saevalServed = (files) => {
  for (const [name, address] of files) served.set(name, address)
  complete()
}

/** The bytes of a file that a script gives; waits until it is there. */
export async function fileBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(await fileStream(name)).arrayBuffer())
}

/** WebAssembly that a script gives, compiled while it is unpacked. */
export async function fileModule(name: string): Promise<WebAssembly.Module> {
  const headers = { 'content-type': 'application/wasm' }
  return WebAssembly.compileStreaming(new Response(await fileStream(name), { headers }))
}

async function fileStream(name: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (taken.has(name)) throw new Error(`${name} is taken already`)
  taken.add(name)
  const text = given.get(name) ?? (await new Promise<string>((resolve) => waiting.set(name, resolve)))
  // each is taken once: what is left would be memory for nothing
  given.delete(name)
  return new Blob([decode(text)]).stream().pipeThrough(new DecompressionStream('gzip'))
}

/** All files but the page's own, whose names begin with "/". `onShare` is told what share of the bytes is there, where a server gives them. */
export async function modelFiles(
  onShare: (share: number) => void = () => {},
): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  await completed
  const names = [...given.keys()].filter((name) => !name.startsWith('/'))
  const files = names.map(async (name) => [name, await fileBytes(name)] as const)
  let [come, all] = [0, 0]
  const asked = [...served].map(async ([name, address]) => {
    const bytes = await fetched(
      address,
      (size) => {
        all += size
      },
      (size) => {
        come += size
        onShare(come / all)
      },
    )
    return [name, bytes] as const
  })
  return Object.fromEntries(await Promise.all([...files, ...asked]))
}

/** A file of the server, as it comes. */
async function fetched(
  address: string,
  onSize: (bytes: number) => void,
  onBytes: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(await answer.text())
  const bytes = new Uint8Array(Number(answer.headers.get('content-length')))
  onSize(bytes.length)
  let at = 0
  const reader = answer.body!.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) break
    bytes.set(value, at)
    at += value.length
    onBytes(value.length)
  }
  if (at !== bytes.length) throw new Error('a file of the model did not come whole; load the page again')
  return bytes
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
