/** What the Arrow schema that pyarrow leaves in a parquet file says of a field beyond parquet's own types. */
export interface ArrowField {
  readonly name: string
  readonly type: string
  /** Of a timestamp: "UTC", "Europe/Berlin", "+02:00"; null for one without. */
  readonly zone: string | null
  /** Of a duration. */
  readonly unit: string | null
  /** "arrow.json", "arrow.uuid", …; null for plain types. */
  readonly extension: string | null
  readonly children: readonly ArrowField[]
}

/** Names of the types in Arrow's Schema.fbs, by number. */
const types =
  'none null int float binary utf8 bool decimal date time timestamp interval list struct union fixed_size_binary fixed_size_list map duration large_binary large_utf8 large_list run_end_encoded binary_view utf8_view list_view large_list_view'.split(
    ' ',
  )
const units = ['s', 'ms', 'us', 'ns']

/** The fields of an Arrow schema message in base64, the value of the metadata key ARROW:schema. Throws RangeError for a damaged one. */
export function arrowFields(base64: string): ArrowField[] {
  const bytes = Buffer.from(base64, 'base64')
  const start = bytes.readUInt32LE(0) === 0xffffffff ? 8 : 4
  const schema = new FlatTable(bytes, start + bytes.readUInt32LE(start)).table(2)
  return schema === null ? [] : schema.tables(1).map(readField)
}

function readField(field: FlatTable): ArrowField {
  const type = types[field.byte(2)] ?? 'none'
  const of = field.table(3)
  const extension = field.tables(6).find((pair) => pair.text(0) === 'ARROW:extension:name')
  return {
    name: field.text(0) ?? '',
    type,
    zone: type === 'timestamp' ? (of?.text(1) ?? null) : null,
    unit: type === 'duration' ? units[of?.short(0, 1) ?? 1]! : null,
    extension: extension?.text(1) ?? null,
    children: field.tables(5).map(readField),
  }
}

/** A table of a flatbuffer: fields are found through a table of offsets. */
class FlatTable {
  constructor(
    readonly bytes: Buffer,
    readonly at: number,
    /** How many tables of lists have been read; they may overlap in a damaged schema. */
    readonly read = { tables: 0 },
  ) {}

  /** Place of a field's value; null where it is left out. */
  #field(index: number): number | null {
    const offsets = this.at - this.bytes.readInt32LE(this.at)
    if (4 + 2 * index >= this.bytes.readUInt16LE(offsets)) return null
    const offset = this.bytes.readUInt16LE(offsets + 4 + 2 * index)
    return offset === 0 ? null : this.at + offset
  }

  #target(index: number): number | null {
    const place = this.#field(index)
    return place === null ? null : place + this.bytes.readUInt32LE(place)
  }

  byte(index: number): number {
    const place = this.#field(index)
    return place === null ? 0 : this.bytes.readUInt8(place)
  }

  short(index: number, fallback: number): number {
    const place = this.#field(index)
    return place === null ? fallback : this.bytes.readInt16LE(place)
  }

  text(index: number): string | null {
    const place = this.#target(index)
    if (place === null) return null
    return this.bytes.toString('utf8', place + 4, place + 4 + this.bytes.readUInt32LE(place))
  }

  table(index: number): FlatTable | null {
    const place = this.#target(index)
    return place === null ? null : new FlatTable(this.bytes, place, this.read)
  }

  tables(index: number): FlatTable[] {
    const place = this.#target(index)
    if (place === null) return []
    const length = this.bytes.readUInt32LE(place)
    this.read.tables += length
    if (this.read.tables > this.bytes.length) throw new RangeError('more tables than there is room for')
    return Array.from({ length }, (_, item) => {
      const entry = place + 4 + 4 * item
      return new FlatTable(this.bytes, entry + this.bytes.readUInt32LE(entry), this.read)
    })
  }
}
