import { PandasTimedelta, PandasTimestamp } from '@saeval/python/internal/values/pandas-times'
import { PyDatetime, PyTimedelta } from '@saeval/python/internal/values/times'

const micros: Readonly<Record<string, bigint>> = { s: 1_000_000n, ms: 1000n, us: 1n }

/** An Arrow timestamp as pyarrow gives it: datetime, pandas' Timestamp for nanoseconds. Throws RangeError where there is none. */
export function timestampOf(value: bigint, unit: string, zone: string | null): PyDatetime {
  return unit === 'ns' ? new PandasTimestamp(value, zone) : new PyDatetime(value * micros[unit]!, zone)
}

/** An Arrow duration as pyarrow gives it: timedelta, pandas' Timedelta for nanoseconds. */
export function durationOf(value: bigint, unit: string): PyTimedelta | PandasTimedelta {
  return unit === 'ns' ? new PandasTimedelta(value) : new PyTimedelta(value * micros[unit]!)
}
