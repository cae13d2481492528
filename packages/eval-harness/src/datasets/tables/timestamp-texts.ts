const shape = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d)(?::(\d\d)(?::(\d\d))?)?(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$/

/** Seconds since 1970 in UTC, and whether the text names a zone. */
export interface TextTime {
  readonly seconds: bigint
  readonly zoned: boolean
}

/**
 * A text that Arrow takes for a time in whole seconds: YYYY-MM-DD, then hours, minutes and seconds after a blank or T, then Z or an
 * offset; null for others. Source: arrow/util/value_parsing.h, ParseTimestampISO8601.
 */
export function parseTimestamp(text: string): TextTime | null {
  const found = text.length < 10 || text.length > 26 ? null : shape.exec(text)
  if (found === null) return null
  const [, year, month, day, hour = '0', minute = '0', second = '0', zone] = found
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  const clock = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  return {
    seconds: BigInt(date.getTime() / 1000 + clock - offsetOf(zone)),
    zoned: zone !== undefined,
  }
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)!
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}
