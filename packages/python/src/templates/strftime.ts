import { PythonError } from '../values/python-error.js'

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

interface Field {
  /** A number, or a text. */
  readonly value: number | string
  /** What fills a number up, and to how many places. */
  readonly fill: string
  readonly width: number
}

const number = (value: number, width = 2, fill = '0'): Field => ({ value, fill, width })
const text = (value: string): Field => ({ value, fill: ' ', width: 0 })

function dayOfYear(time: Date): number {
  const noon = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((noon(time) - Date.UTC(time.getFullYear(), 0, 1)) / 86_400_000) + 1
}

/** ISO 8601 year and week. */
function isoWeek(time: Date): readonly [year: number, week: number] {
  const date = new Date(Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()))
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7))
  const year = date.getUTCFullYear()
  return [year, Math.ceil(((date.getTime() - Date.UTC(year, 0, 1)) / 86_400_000 + 1) / 7)]
}

function field(letter: string, time: Date): Field | null {
  const [hour, day, year] = [time.getHours(), time.getDay(), time.getFullYear()]
  switch (letter) {
    case 'a':
      return text(days[day]!.slice(0, 3))
    case 'A':
      return text(days[day]!)
    case 'b':
    case 'h':
      return text(months[time.getMonth()]!.slice(0, 3))
    case 'B':
      return text(months[time.getMonth()]!)
    case 'C':
      return number(Math.floor(year / 100))
    case 'c':
      return text(strftime('%a %b %e %H:%M:%S %Y', time))
    case 'd':
      return number(time.getDate())
    case 'D':
    case 'x':
      return text(strftime('%m/%d/%y', time))
    case 'e':
      return number(time.getDate(), 2, ' ')
    case 'f':
      return number(time.getMilliseconds() * 1000, 6)
    case 'F':
      return text(strftime('%Y-%m-%d', time))
    case 'g':
      return number(isoWeek(time)[0] % 100)
    case 'G':
      return number(isoWeek(time)[0], 4)
    case 'H':
      return number(hour)
    case 'I':
      return number(hour % 12 || 12)
    case 'j':
      return number(dayOfYear(time), 3)
    case 'k':
      return number(hour, 2, ' ')
    case 'l':
      return number(hour % 12 || 12, 2, ' ')
    case 'm':
      return number(time.getMonth() + 1)
    case 'M':
      return number(time.getMinutes())
    case 'n':
      return text('\n')
    case 'p':
      return text(hour < 12 ? 'AM' : 'PM')
    case 'P':
      return text(hour < 12 ? 'am' : 'pm')
    case 'r':
      return text(strftime('%I:%M:%S %p', time))
    case 'R':
      return text(strftime('%H:%M', time))
    case 's':
      return number(Math.floor(time.getTime() / 1000), 1)
    case 'S':
      return number(time.getSeconds())
    case 't':
      return text('\t')
    case 'T':
    case 'X':
      return text(strftime('%H:%M:%S', time))
    case 'u':
      return number(day || 7, 1)
    case 'U':
      return number(Math.floor((dayOfYear(time) + 6 - day) / 7))
    case 'V':
      return number(isoWeek(time)[1])
    case 'w':
      return number(day, 1)
    case 'W':
      return number(Math.floor((dayOfYear(time) + 6 - ((day + 6) % 7)) / 7))
    case 'y':
      return number(year % 100)
    case 'Y':
      return number(year, 1)
    // a time without a zone has neither
    case 'z':
    case 'Z':
      return text('')
    case '%':
      return text('%')
    default:
      return null
  }
}

/** datetime.strftime of a local time without a zone, with glibc's flags (`%-d`, `%_d`, `%^a`). Throws PythonError for what glibc does not know. */
export function strftime(format: string, time: Date): string {
  return format.replace(
    /%([-_0^#]*)(\d*)(?:[EO](?=[a-zA-Z]))?([\s\S]?)/g,
    (whole, flags: string, width: string, letter: string) => {
      const found = field(letter, time)
      if (found === null) throw new PythonError('ValueError', `strftime_now does not know ${whole}`)
      let shown = String(found.value)
      if (flags.includes('^') || (flags.includes('#') && letter !== 'p' && letter !== 'Z')) shown = shown.toUpperCase()
      else if (flags.includes('#')) shown = shown.toLowerCase()
      if (flags.includes('-')) return shown
      const fill = flags.includes('_') ? ' ' : flags.includes('0') ? '0' : found.fill
      return shown.padStart(width === '' ? found.width : Number(width), fill)
    },
  )
}
