import { PyBytes } from '@saeval/python/internal/values/bytes'
import { PyDecimal } from '@saeval/python/internal/values/decimal'
import { PyDate, PyTime } from '@saeval/python/internal/values/times'
import { PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import type { SchemaTree } from 'hyparquet'
import type { Feature } from '../tables/features.js'
import { durationOf, timestampOf } from '../tables/times-of-units.js'
import { ujsonLoads } from '../tables/ujson.js'
import type { ArrowField } from './arrow-schema.js'

/** A column of a parquet file, or a part of one: its type as `datasets` names it, and how stored values become Python's. */
export interface ColumnType {
  readonly feature: Feature
  read(value: unknown): PyValue
}

/** A column, or a value in it, has no Python value; the message says what it holds. */
export class UnreadableColumn extends Error {}

type Element = SchemaTree['element']

/** The type of a column. Throws UnreadableColumn saying what the column holds where `datasets` cannot read it either, or saeval cannot. */
export function columnType(node: SchemaTree, arrow: ArrowField | undefined): ColumnType {
  if (node.children.length > 0) return groupType(node, arrow)
  if (node.element.repetition_type === 'REPEATED')
    throw new UnreadableColumn('holds a repeated field outside a list, which is not supported')
  if (arrow?.extension === 'arrow.json') return jsonType
  if (arrow?.extension != null)
    throw new UnreadableColumn(`holds values of ${arrow.extension}, which datasets cannot read`)
  if (arrow?.type === 'null') return nothing
  if (arrow?.type === 'duration') return timed(`duration[${arrow.unit}]`, (value) => durationOf(value, arrow.unit!))
  return leafType(node.element, arrow)
}

function groupType(node: SchemaTree, arrow: ArrowField | undefined): ColumnType {
  const { converted_type: converted, logical_type: logical } = node.element
  if (converted === 'MAP' || converted === 'MAP_KEY_VALUE' || logical?.type === 'MAP')
    throw new UnreadableColumn('holds a map, which datasets cannot read')
  if (logical?.type === 'VARIANT') throw new UnreadableColumn('holds variants, which datasets cannot read')
  if (converted === 'LIST' || logical?.type === 'LIST') {
    const of = columnType(elementNode(node), arrow?.children[0])
    return {
      feature: { kind: 'list', of: of.feature },
      read: (value) => (value == null ? null : (value as readonly unknown[]).map(of.read)),
    }
  }
  const members = node.children.map((child, index) => {
    const [name, type] = [child.element.name, columnType(child, arrow?.children[index])]
    return [name, type] as const
  })
  return {
    feature: { kind: 'struct', fields: new Map(members.map(([name, { feature }]) => [name, feature])) },
    read: (value) =>
      value == null
        ? null
        : new Map(members.map(([name, { read }]) => [name, read((value as Record<string, unknown>)[name])])),
  }
}

/** The element of a LIST: the only child of its repeated only child, or that child itself in files of the old way. */
function elementNode(node: SchemaTree): SchemaTree {
  const repeated = node.children[0]!
  if (node.children.length !== 1 || repeated.element.repetition_type !== 'REPEATED' || repeated.children.length !== 1)
    throw new UnreadableColumn('holds a list in a form that is not supported')
  return repeated.children[0]!
}

const nothing: ColumnType = { feature: { kind: 'value', dtype: 'null' }, read: () => null }
const jsonType: ColumnType = {
  feature: { kind: 'json' },
  read: (value) => (value == null ? null : ujsonLoads(value as string)),
}

function plain(dtype: string, read: (value: never) => PyValue): ColumnType {
  return { feature: { kind: 'value', dtype }, read: (value) => (value == null ? null : read(value as never)) }
}

function timed(dtype: string, read: (value: bigint) => PyValue): ColumnType {
  return plain(dtype, (value: bigint | number) => read(BigInt(value)))
}

function leafType(element: Element, arrow: ArrowField | undefined): ColumnType {
  const { type, converted_type: converted, logical_type: logical } = element
  const kind = logical?.type ?? converted
  if (kind === 'UTF8' || kind === 'STRING' || kind === 'ENUM' || kind === 'JSON')
    return plain(arrow?.type === 'large_utf8' ? 'large_string' : 'string', (value: string) => value)
  if (logical?.type === 'DECIMAL' || converted === 'DECIMAL') return decimalType(element)
  if (logical?.type === 'FLOAT16') return plain('float16', (value: Uint8Array) => new PyFloat(float16(value)))
  if (logical?.type === 'UUID' || converted === 'INTERVAL' || type === 'FIXED_LEN_BYTE_ARRAY')
    throw new UnreadableColumn('holds binary values of a fixed size, which datasets cannot read')
  if (type === 'BYTE_ARRAY')
    return plain(arrow?.type === 'large_binary' ? 'large_binary' : 'binary', (value: Uint8Array) => new PyBytes(value))
  if (type === 'INT96') return timestampType('ns', null)
  if (logical?.type === 'DATE' || converted === 'DATE') return plain('date32', (value: number) => new PyDate(value))
  if (logical?.type === 'TIME' || /^TIME_/.test(converted ?? '')) return timeType(unitOf(element))
  if (logical?.type === 'TIMESTAMP' || /^TIMESTAMP_/.test(converted ?? '')) {
    const utc = logical?.type === 'TIMESTAMP' ? logical.isAdjustedToUTC : true
    return timestampType(unitOf(element), arrow?.type === 'timestamp' ? arrow.zone : utc ? 'UTC' : null)
  }
  return numberType(element)
}

function unitOf({ logical_type: logical, converted_type: converted }: Element): string {
  const name = logical !== undefined && 'unit' in logical ? logical.unit : (converted ?? '')
  return /NANOS/.test(name) ? 'ns' : /MICROS/.test(name) ? 'us' : 'ms'
}

function timestampType(unit: string, zone: string | null): ColumnType {
  return timed(`timestamp[${unit}${zone === null ? '' : `, tz=${zone}`}]`, (value) => timestampOf(value, unit, zone))
}

function timeType(unit: string): ColumnType {
  const scale = unit === 'ms' ? 1000n : 1n
  return timed(unit === 'ms' ? 'time32[ms]' : `time64[${unit}]`, (value) => {
    if (unit === 'ns' && value % 1000n !== 0n)
      throw new UnreadableColumn('holds a time with nanoseconds, for which Python has no value')
    return new PyTime(unit === 'ns' ? value / 1000n : value * scale)
  })
}

function numberType({ type, converted_type: converted, logical_type: logical }: Element): ColumnType {
  switch (type) {
    case 'BOOLEAN':
      return plain('bool', (value: boolean) => value)
    case 'FLOAT':
      return plain('float32', (value: number) => new PyFloat(value))
    case 'DOUBLE':
      return plain('float64', (value: number) => new PyFloat(value))
  }
  const integer = logical?.type === 'INTEGER' ? logical : null
  const bits = integer?.bitWidth ?? (Number(/_(\d+)$/.exec(converted ?? '')?.[1] ?? 0) || (type === 'INT64' ? 64 : 32))
  const signed = integer?.isSigned ?? !/^UINT/.test(converted ?? '')
  const dtype = `${signed ? '' : 'u'}int${bits}`
  if (type === 'INT64')
    return plain(dtype, (value: bigint) => {
      const whole = signed ? value : BigInt.asUintN(64, value)
      const number = Number(whole)
      return Number.isSafeInteger(number) ? number : whole
    })
  return plain(dtype, (value: number) => (signed ? value : bits === 32 ? value >>> 0 : value & (2 ** bits - 1)))
}

function decimalType({ scale: given, precision: places, logical_type: logical }: Element): ColumnType {
  const scale = logical?.type === 'DECIMAL' ? logical.scale : (given ?? 0)
  const precision = logical?.type === 'DECIMAL' ? logical.precision : (places ?? 0)
  return plain(
    `decimal${precision > 38 ? 256 : 128}(${precision}, ${scale})`,
    (value: number | bigint | Uint8Array) =>
      new PyDecimal(value instanceof Uint8Array ? bigEndian(value) : BigInt(value), scale),
  )
}

function bigEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

function float16(bytes: Uint8Array): number {
  const bits = (bytes[1]! << 8) | bytes[0]!
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 0) return sign * 2 ** -24 * fraction
  if (exponent === 31) return fraction > 0 ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * 2 ** (exponent - 25) * (1024 + fraction)
}
