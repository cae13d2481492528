/** "5 s", "12 min", "1 h 20 min", "3 d 4 h": rounded to what one reads of it. */
export function durationWords(seconds: number): string {
  if (seconds < 1) return 'less than 1 s'
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'min')
  return pair(Math.round(minutes / 60), 24, 'd', 'h')
}

function pair(count: number, many: number, large: string, small: string): string {
  const rest = count % many
  return `${Math.floor(count / many)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

/** "12 questions/s", "3 texts/min": of things that take longer, in a minute or an hour. */
export function rateWords(perSecond: number, things: string): string {
  if (perSecond >= 0.95) return `${rounded(perSecond)} ${things}/s`
  return perSecond * 60 >= 0.95
    ? `${rounded(perSecond * 60)} ${things}/min`
    : `${rounded(perSecond * 3600)} ${things}/h`
}

/** "548 MB", "5.2 GB", decimal as hubs and disks count. */
export function byteWords(bytes: number): string {
  if (bytes >= 999.5e6) return `${(bytes / 1e9).toFixed(bytes >= 99.5e9 ? 0 : 1)} GB`
  return bytes >= 999.5e3 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e3)} kB`
}

/** "1.2 TFLOP", "340 GFLOP": floating-point operations. */
export function flopWords(operations: number): string {
  const names = ['GFLOP', 'TFLOP', 'PFLOP', 'EFLOP']
  const step = Math.min(names.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, operations)) / 3) - 3))
  return `${rounded(operations / 1000 ** (step + 3))} ${names[step]}`
}

/** "1,234,567" */
export function countWords(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Two digits that mean something. */
function rounded(value: number): string {
  return value < 10 ? String(Number(value.toPrecision(2))) : countWords(Number(value.toPrecision(value < 100 ? 2 : 3)))
}
