import { PyBytes } from '@saeval/python/internal/values/bytes'
import type { PyOther } from '@saeval/python/internal/values/other'
import { PyDate, PyDatetime } from '@saeval/python/internal/values/times'
import { intOf, isDict, numberOf, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { type Feature, featureText, sameFeature } from './features.js'
import { arrowFloatText } from './float-text.js'
import { timestampOf } from './times-of-units.js'
import { parseTimestamp } from './timestamp-texts.js'
import { decodedText, throughUjson } from './ujson.js'

/** A value, or a column of a type, cannot become what the dataset's other rows are. */
export class CastError extends Error {
  override name = 'CastError'
}

type Cast = (value: PyValue) => PyValue

/**
 * How values of one type become those of another, as `datasets` casts columns (table.py, cast_array_to_feature); null where nothing
 * changes. Throws CastError where it cannot; the function throws it for values that it cannot cast.
 */
export function castOf(from: Feature, to: Feature): Cast | null {
  if (sameFeature(from, to)) return null
  const cast = memberCast(from, to)
  return (value) => (value === null ? null : cast(value))
}

function impossible(from: Feature, to: Feature): CastError {
  return new CastError(`holds ${featureText(from)}, which cannot become ${featureText(to)}`)
}

function memberCast(from: Feature, to: Feature): Cast {
  if (to.kind === 'class') return classCast(from, to.names)
  if (to.kind === 'json')
    return from.kind === 'value' && /string$/.test(from.dtype)
      ? (value) => decodedText(value as string)
      : (value) => throughUjson(value, true)
  if (from.kind === 'value' && from.dtype === 'null') return () => null
  if (from.kind === 'list' && to.kind === 'list') {
    const cast = castOf(from.of, to.of)
    return cast === null ? (value) => value : (value) => (value as readonly PyValue[]).map(cast)
  }
  if (from.kind === 'struct' && to.kind === 'struct')
    return structCast(from.fields, to.fields, () => impossible(from, to))
  if (from.kind === 'class' && to.kind === 'value') return memberCast({ kind: 'value', dtype: 'int64' }, to)
  if (from.kind !== 'value' || to.kind !== 'value') throw impossible(from, to)
  return valueCast(from, to)
}

function structCast(
  from: ReadonlyMap<string, Feature>,
  to: ReadonlyMap<string, Feature>,
  error: () => CastError,
): Cast {
  if ([...from.keys()].some((name) => !to.has(name))) throw error()
  const casts = [...to].map(([name, feature]) => {
    const known = from.get(name)
    return [name, known === undefined ? () => null : (castOf(known, feature) ?? ((value: PyValue) => value))] as const
  })
  return (value) => new Map(casts.map(([name, cast]) => [name, cast((isDict(value) ? value.get(name) : null) ?? null)]))
}

function classCast(from: Feature, names: readonly string[]): Cast {
  if (from.kind === 'value' && /string$/.test(from.dtype))
    return (value) => {
      const text = (value as string).trim()
      const index = names.indexOf(value as string)
      if (index >= 0) return index
      const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
      if (Number.isInteger(number) && number >= 0 && number < names.length) return number
      throw new CastError(`has the class "${value}", which is none of ${names.slice(0, 10).join(', ')}`)
    }
  const cast = castOf(from, { kind: 'value', dtype: 'int64' })
  return (value) => {
    const number = cast === null ? value : cast(value)
    if (typeof number === 'number' && number < names.length) return number
    throw new CastError(`has the class number ${number}, but there are ${names.length} classes`)
  }
}

const isText = (dtype: string) => /^(large_)?string(_view)?$/.test(dtype)
const isBinary = (dtype: string) => /^(large_)?binary(_view)?$/.test(dtype)
const isInteger = (dtype: string) => /^u?int\d+$/.test(dtype)
const isFloat = (dtype: string) => /^float\d+$/.test(dtype)

function valueCast(from: Feature & { kind: 'value' }, to: Feature & { kind: 'value' }): Cast {
  const [source, target] = [from.dtype, to.dtype]
  if ((isText(source) && isText(target)) || (isBinary(source) && isBinary(target))) return (value) => value
  if (isText(target)) return textCast(from, to)
  if (isText(source)) return parseCast(from, to)
  const numeric = isInteger(source) || isFloat(source) || source === 'bool'
  if (numeric && isInteger(target)) return (value) => toInteger(value, target)
  if (numeric && isFloat(target)) return (value) => toFloat(value, target)
  if (numeric && target === 'bool') return (value) => numberOf(value) !== 0
  const unit = /^timestamp\[(s|ms|us|ns)(?:, tz=(.+))?\]$/.exec(target)
  if (unit !== null && /^timestamp/.test(source)) return timestampCast(unit[1]!, unit[2] ?? null, source, from, to)
  throw impossible(from, to)
}

const powers: Readonly<Record<string, bigint>> = { s: 1_000_000_000n, ms: 1_000_000n, us: 1000n, ns: 1n }

function timestampCast(unit: string, zone: string | null, source: string, from: Feature, to: Feature): Cast {
  if (zone === null && /tz=/.test(source)) throw impossible(from, to)
  return (value) => {
    const nanos = value instanceof PyDatetime ? nanosOf(value) : 0n
    if (nanos % powers[unit]! !== 0n)
      throw new CastError(`has the time ${(value as PyOther).str()}, which is not whole in ${unit}`)
    return timestampOf(nanos / powers[unit]!, unit, zone)
  }
}

function nanosOf(value: PyDatetime): bigint {
  return 'nanos' in value ? (value.nanos as bigint) : value.micros * 1000n
}

function textCast(from: Feature & { kind: 'value' }, to: Feature): Cast {
  const { dtype } = from
  if (dtype === 'bool') return (value) => String(value)
  if (isInteger(dtype)) return (value) => String(value)
  if (isFloat(dtype) && dtype !== 'float16')
    return (value) => arrowFloatText((value as PyFloat).value, dtype === 'float32')
  if (dtype === 'date32' || /^decimal/.test(dtype)) return (value) => (value as PyOther).str()
  if (isBinary(dtype))
    return (value) => {
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode((value as PyBytes).bytes)
      } catch {
        throw new CastError('has bytes that are not UTF-8')
      }
    }
  const unit = /^timestamp\[(s|ms|us|ns)\]$/.exec(dtype)?.[1]
  if (unit === undefined) throw impossible(from, to)
  const places = { s: 0, ms: 3, us: 6, ns: 9 }[unit]!
  return (value) => {
    const text = (value as PyDatetime).str()
    const fraction = (text.split('.')[1] ?? '').padEnd(places, '0').slice(0, places)
    return places === 0 ? text : `${text.split('.')[0]}.${fraction}`
  }
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const infinity = /^[+-]?inf(inity)?$/i

function parseCast(from: Feature, to: Feature & { kind: 'value' }): Cast {
  const { dtype } = to
  const failed = (value: PyValue) =>
    new CastError(`has the text ${JSON.stringify(value)}, which is not ${featureText(to)}`)
  if (isInteger(dtype))
    return (value) => {
      const text = value as string
      if (!/^-?\d+$/.test(text) && !/^-?0[xX][\da-fA-F]+$/.test(text)) throw failed(value)
      return toInteger(/x/i.test(text) ? Number(text) : intOf(text), dtype)
    }
  if (isFloat(dtype))
    return (value) => {
      const text = value as string
      if (decimal.test(text)) return toFloat(new PyFloat(Number(text)), dtype)
      if (infinity.test(text))
        return new PyFloat(text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
      if (/^[+-]?nan$/i.test(text)) return new PyFloat(Number.NaN)
      throw failed(value)
    }
  if (dtype === 'bool')
    return (value) => {
      if (/^(true|1)$/i.test(value as string)) return true
      if (/^(false|0)$/i.test(value as string)) return false
      throw failed(value)
    }
  if (isBinary(dtype)) return (value) => new PyBytes(Buffer.from(value as string))
  const unit = /^timestamp\[(s|ms|us|ns)\]$/.exec(dtype)?.[1]
  if (unit !== undefined || dtype === 'date32')
    return (value) => {
      const seconds = parseTimestamp(value as string)
      if (seconds === null || seconds.zoned || (unit === undefined && (value as string).length !== 10))
        throw failed(value)
      if (unit === undefined) return new PyDate(Number(seconds.seconds) / 86_400)
      return timestampOf((seconds.seconds * 1_000_000_000n) / powers[unit]!, unit, null)
    }
  throw impossible(from, to)
}

/** Bounds of Arrow's whole numbers. */
function bounds(dtype: string): [low: bigint, high: bigint] {
  const bits = BigInt(/\d+/.exec(dtype)![0])
  return dtype.startsWith('u') ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
}

function toInteger(value: PyValue, dtype: string): PyValue {
  const given = value instanceof PyFloat ? value.value : (value as number | bigint | boolean)
  if (typeof given === 'number' && !Number.isInteger(given))
    throw new CastError(`has the number ${given}, which is not whole`)
  const [low, high] = bounds(dtype)
  const whole = BigInt(given)
  if (whole < low || whole > high) throw new CastError(`has the number ${given}, which is beyond ${dtype}`)
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
}

function toFloat(value: PyValue, dtype: string): PyValue {
  const number = numberOf(value)!
  if (dtype === 'float16') throw new CastError('cannot become float16')
  const digits = dtype === 'float32' ? 24 : 53
  if (!(value instanceof PyFloat) && (typeof value === 'bigint' || Math.abs(number) > 2 ** digits))
    throw new CastError(`has the number ${value}, which ${dtype} does not hold exactly`)
  return new PyFloat(dtype === 'float32' ? Math.fround(number) : number)
}
