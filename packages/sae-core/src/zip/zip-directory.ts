import { type ByteSource, InputError } from '@saeval/hub'
import { isPrintable } from '@saeval/hub/checks'

/** One file inside a zip archive. */
export interface ZipMember {
  readonly name: string
  /** 0 = stored as it is, 8 = deflated. */
  readonly method: 0 | 8
  /** Position of the member's own header in the archive; the (compressed) bytes follow it. */
  readonly headerOffset: number
  readonly compressedLength: number
  readonly length: number
}

// APPNOTE.TXT 4.3: record signatures
const endSignature = 0x06054b50
const end64LocatorSignature = 0x07064b50
const end64Signature = 0x06064b50
const centralSignature = 0x02014b50
const localSignature = 0x04034b50
const endLength = 22
const localLength = 30
const longestComment = 0xffff
// the end of an archive of weights, directory included, is shorter than this
const usualTail = 4096
// an archive of weights has a handful of members
const longestDirectory = 2 ** 20
// deflate reaches 1032 on zeros; weights hardly shrink at all
const largestRatio = 100
const smallArchive = 2 ** 24

/** Reads the directory at the end of a zip archive, ZIP64 included. Throws InputError for a damaged or truncated archive. */
export async function readZipDirectory(source: ByteSource): Promise<ZipMember[]> {
  const damaged = (what: string) =>
    new InputError(`${source.name} is not a whole zip archive (${what}); download it again`)
  const { tail, end } = await readEnd(source, damaged)

  let count = tail.getUint16(end + 10, true)
  let size = tail.getUint32(end + 12, true)
  let start = tail.getUint32(end + 16, true)
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    if (end < 20 || tail.getUint32(end - 20, true) !== end64LocatorSignature)
      throw damaged('its ZIP64 end record is missing')
    const at = safe(tail.getBigUint64(end - 12, true), damaged)
    const record = view(await source.read(at, 56))
    if (record.getUint32(0, true) !== end64Signature) throw damaged('its ZIP64 end record is damaged')
    count = safe(record.getBigUint64(32, true), damaged)
    size = safe(record.getBigUint64(40, true), damaged)
    start = safe(record.getBigUint64(48, true), damaged)
  }
  if (size > longestDirectory || start + size > source.byteLength) throw damaged('its directory lies outside the file')

  const directory = view(await source.read(start, size))
  const members: ZipMember[] = []
  for (let at = 0; members.length < count; ) {
    if (at + 46 > size || directory.getUint32(at, true) !== centralSignature) throw damaged('its directory is damaged')
    const nameLength = directory.getUint16(at + 28, true)
    const extraLength = directory.getUint16(at + 30, true)
    const next = at + 46 + nameLength + extraLength + directory.getUint16(at + 32, true)
    if (next > size) throw damaged('its directory is damaged')
    members.push(readMember(directory, at, nameLength, extraLength, damaged))
    at = next
  }
  checkMembers(source, members, damaged)
  return members
}

/** The last kilobytes of the archive and the place of the end record in them. */
async function readEnd(source: ByteSource, damaged: Damaged): Promise<{ tail: DataView; end: number }> {
  for (const length of [usualTail, endLength + longestComment]) {
    const tailLength = Math.min(source.byteLength, length)
    const tail = view(await source.read(source.byteLength - tailLength, tailLength))
    const end = findEnd(tail)
    if (end !== null) return { tail, end }
  }
  throw damaged('it has no end record')
}

type Damaged = (what: string) => InputError

function readMember(
  directory: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
  damaged: Damaged,
): ZipMember {
  const name = new TextDecoder().decode(new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength))
  if (!isPrintable(name)) throw damaged('the name of a member cannot be read')
  const method = directory.getUint16(at + 10, true)
  if (method !== 0 && method !== 8) throw damaged(`member ${name} is compressed by the unknown method ${method}`)
  const [length, compressedLength, headerOffset] = sizes64(directory, at, at + 46 + nameLength, extraLength, damaged)
  if (method === 0 && length !== compressedLength) throw damaged(`member ${name} has two lengths`)
  return { name, method, headerOffset, compressedLength, length }
}

function checkMembers(source: ByteSource, members: readonly ZipMember[], damaged: Damaged): void {
  if (new Set(members.map(({ name }) => name)).size < members.length) throw damaged('two members have one name')
  let end = 0
  for (const member of [...members].sort((a, b) => a.headerOffset - b.headerOffset)) {
    if (member.headerOffset < end) throw damaged(`member ${member.name} overlaps another`)
    end = member.headerOffset + localLength + member.compressedLength
  }
  if (end > source.byteLength) throw damaged('a member lies outside the file')
  const unfolded = members.reduce((sum, { length }) => sum + length, 0)
  if (unfolded > smallArchive + largestRatio * source.byteLength) throw damaged(`it claims to hold ${unfolded} bytes`)
}

/** Position of a member's bytes, which its own header tells. */
export async function memberOffset(source: ByteSource, member: ZipMember): Promise<number> {
  const damaged = (what: string) =>
    new InputError(`${source.name} is not a whole zip archive (member ${member.name} ${what}); download it again`)
  const local = view(await source.read(member.headerOffset, localLength))
  if (local.getUint32(0, true) !== localSignature) throw damaged('has no header')
  const offset = member.headerOffset + localLength + local.getUint16(26, true) + local.getUint16(28, true)
  if (offset + member.compressedLength > source.byteLength) throw damaged('lies outside the file')
  return offset
}

/** Uncompressed size, compressed size and header place; 0xffffffff stands for a number in the ZIP64 extra field, in this order. */
function sizes64(
  directory: DataView,
  at: number,
  extra: number,
  extraLength: number,
  damaged: Damaged,
): [number, number, number] {
  const values = [
    directory.getUint32(at + 24, true),
    directory.getUint32(at + 20, true),
    directory.getUint32(at + 42, true),
  ] as [number, number, number]
  if (!values.includes(0xffffffff)) return values
  for (let field = extra; field + 4 <= extra + extraLength; field += 4 + directory.getUint16(field + 2, true)) {
    if (directory.getUint16(field, true) !== 1) continue
    let next = field + 4
    return values.map((value) => {
      if (value !== 0xffffffff) return value
      if (next + 8 > extra + extraLength) throw damaged('its ZIP64 sizes are missing')
      next += 8
      return safe(directory.getBigUint64(next - 8, true), damaged)
    }) as [number, number, number]
  }
  throw damaged('its ZIP64 sizes are missing')
}

function findEnd(tail: DataView): number | null {
  for (let at = tail.byteLength - endLength; at >= 0; at--) {
    if (tail.getUint32(at, true) === endSignature) return at
  }
  return null
}

function safe(value: bigint, damaged: Damaged): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged('it claims an impossible size')
  return Number(value)
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
