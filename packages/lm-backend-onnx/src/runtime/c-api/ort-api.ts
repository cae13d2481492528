import { InputError } from '@saeval/hub'
import type * as Koffi from 'koffi'
import { statusText } from './failure.js'
import { openKoffi } from './koffi.js'
import {
  type ArgumentKind,
  apiLength,
  apiVersion,
  errorMessagePlace,
  oldestTested,
  statusFunctions,
  voidFunctions,
} from './ort-functions.js'

/** An address in the process' memory: an object of onnxruntime, or memory of a device, which this thread must not read. */
export type Pointer = bigint

interface ArgumentTypes {
  readonly int: number
  readonly size: number
  readonly string: string
  readonly strings: readonly string[]
  readonly pointer: Pointer | null
  readonly pointers: readonly Pointer[]
  readonly bytes: NodeJS.ArrayBufferView | Pointer
}

type Given<Kinds extends readonly unknown[]> = Kinds extends readonly [infer Kind, ...infer Rest]
  ? Kind extends keyof ArgumentTypes
    ? [ArgumentTypes[Kind], ...Given<Rest>]
    : Given<Rest>
  : []

type Result<Kinds extends readonly unknown[]> = 'made' extends Kinds[number] ? Pointer : undefined

type StatusFunctions = typeof statusFunctions

type Tail<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest] ? Rest : never

/**
 * Functions of onnxruntime's C API. One that makes something returns it; the caller gives it back by its Release function. A status other than
 * success is thrown as an Error with onnxruntime's words. They block the thread.
 */
export type OrtApi = {
  readonly [Name in keyof StatusFunctions]: (
    ...given: Given<Tail<StatusFunctions[Name]>>
  ) => Result<Tail<StatusFunctions[Name]>>
} & { readonly [Name in keyof typeof voidFunctions]: (object: Pointer | null) => void } & {
  /** The library's version: "1.30.0". */
  readonly version: string
  /** What calls the library. */
  readonly koffi: typeof Koffi
  /** Keeps the library's code in memory: koffi unloads one whose handle is collected. */
  readonly library: Koffi.LibraryHandle
}

type OrtFunctions = Omit<OrtApi, 'version' | 'koffi' | 'library'>

/** koffi's types of the kinds of arguments. */
const koffiTypes: Readonly<Record<ArgumentKind, string>> = {
  int: 'int',
  size: 'size_t',
  string: 'str',
  strings: 'const char **',
  pointer: 'void *',
  pointers: 'void **',
  bytes: 'void *',
  made: '_Out_ void **',
}

/** Opens onnxruntime's library. Throws InputError where it cannot be loaded or is too old, and as `openKoffi` does. */
export function openOrtApi(path: string): OrtApi {
  const koffi = openKoffi()
  const library = loadLibrary(koffi, path)
  const base = library.func('OrtGetApiBase', 'void *', [])()
  const [getApi, getVersion] = koffi.decode(base, koffi.array('void *', 2)) as [Pointer, Pointer]
  const version = koffi.decode(getVersion, koffi.proto('str', []))() as string
  const table = koffi.decode(getApi, koffi.proto('void *', ['uint32_t']))(apiVersion) as Pointer | null
  if (table === null || isOlder(version, oldestTested))
    throw new InputError(`${path} is onnxruntime ${version}; devices need ${oldestTested} or a newer one`)
  return { ...functionsOf(koffi, table), version, koffi, library }
}

/** Whether a version comes before another one: numbers with dots between them. */
export function isOlder(version: string, than: string): boolean {
  const [own, other] = [version, than].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)))
  const at = other!.findIndex((part, index) => part !== (own![index] ?? 0))
  return at >= 0 && (own![at] ?? 0) < other![at]!
}

function loadLibrary(koffi: typeof Koffi, path: string): Koffi.LibraryHandle {
  try {
    const library = koffi.load(path)
    keepLoaded(koffi, path)
    return library
  } catch (cause) {
    throw new InputError(`${path} cannot be loaded as onnxruntime: ${statusText((cause as Error).message)}`, { cause })
  }
}

/** RTLD_NOW with RTLD_NODELETE. */
const neverUnloaded: Partial<Record<NodeJS.Platform, number>> = { linux: 0x1002, darwin: 0x82 }

/**
 * Keeps a library loaded until the process ends: koffi unloads it with the thread that has loaded it, and a library of providers that is still there
 * would call what is gone when the next thread loads it anew.
 */
function keepLoaded(koffi: typeof Koffi, path: string): void {
  const flags = neverUnloaded[process.platform]
  if (flags !== undefined) koffi.load(null).func('void *dlopen(const char *, int)')(path, flags)
}

function functionsOf(koffi: typeof Koffi, table: Pointer): OrtFunctions {
  const places = koffi.decode(table, koffi.array('void *', apiLength)) as Pointer[]
  const native = (place: number, result: string, kinds: readonly string[]) =>
    koffi.decode(places[place]!, koffi.proto(result, [...kinds])) as (...given: unknown[]) => unknown
  const message = native(errorMessagePlace, 'str', ['void *'])
  const releaseStatus = native(voidFunctions.ReleaseStatus, 'void', ['void *'])
  const check = (status: unknown) => {
    if (status === null) return
    const text = message(status)
    releaseStatus(status)
    throw new Error(statusText(text as string))
  }
  const api: Record<string, unknown> = {}
  for (const [name, [place, ...kinds]] of Object.entries(statusFunctions)) {
    const types = (kinds as readonly ArgumentKind[]).map((kind) => koffiTypes[kind])
    const call = native(place, 'void *', types)
    const made = (kinds as readonly ArgumentKind[]).indexOf('made')
    api[name] = (...given: unknown[]) => {
      if (made < 0) return check(call(...given))
      const out = [null]
      check(call(...given.slice(0, made), out, ...given.slice(made)))
      return out[0]
    }
  }
  for (const [name, place] of Object.entries(voidFunctions)) api[name] = native(place, 'void', ['void *'])
  return api as unknown as OrtFunctions
}
