const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * Seconds by which a zone's clocks are ahead of UTC at an instant (milliseconds since 1970). A zone is "+02:00" or a name such as
 * "Europe/Berlin". Throws RangeError for a name that is not known.
 */
export function zoneOffset(zone: string, instant: number): number {
  if (zone === 'UTC') return 0
  const fixed = fixedOffset(zone)
  if (fixed !== null) return fixed
  const format =
    formats.get(zone) ?? new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset', year: 'numeric' })
  formats.set(zone, format)
  const name = format.formatToParts(instant).find((part) => part.type === 'timeZoneName')!.value
  return name === 'GMT' ? 0 : fixedOffset(name.slice(3))!
}

/** "+02:00" as seconds; null for names. */
export function fixedOffset(zone: string): number | null {
  const [, sign, hours, minutes, seconds] = /^([+-])(\d\d):?(\d\d)(?::(\d\d))?$/.exec(zone) ?? []
  if (sign === undefined) return null
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)
  return sign === '-' ? -total : total
}

/** An offset as Python prints it: "+02:00", "-04:56:02". */
export function offsetText(offset: number, colon = ':'): string {
  const total = Math.abs(offset)
  const two = (value: number) => String(value).padStart(2, '0')
  const seconds = total % 60 === 0 ? '' : colon + two(total % 60)
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(total / 3600))}${colon}${two(Math.floor(total / 60) % 60)}${seconds}`
}
