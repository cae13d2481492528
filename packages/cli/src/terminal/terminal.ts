import type { HubOptions, Notice, Said } from '@saeval/hub'
import { inFlags } from '../options/flag-words.js'
import type { Output } from '../output.js'
import { byteWords, durationWords } from './quantity-words.js'
import { RemainingTime } from './remaining-time.js'
import { readVerbosity, type VerbosityOptions, verbosities } from './verbosity.js'

/** How far something is. */
export interface Status {
  /** "scoring 120 of 400 questions" */
  readonly what: string
  /** 0 to 1; null where there is no end. */
  readonly share: number | null
  /** "12 questions/s"; null as long as it is not known. */
  readonly rate: string | null
  /** Seconds; null as long as it is not known. */
  readonly left: number | null
}

/**
 * What a command tells of itself on standard error. In a terminal the status is one line that is written again; elsewhere, and with
 * TERM=dumb, a line now and then.
 */
export interface Terminal {
  /** A sentence that nobody must read. */
  info(line: Said): void
  /** A sentence about what may be otherwise than it was meant. */
  warn(line: Said): void
  /** A sentence for who looks for a fault. */
  debug(line: Said): void
  /** Either of the first two. */
  readonly notice: Notice
  status(status: Status): void
  /** For downloads: one status for all of them. */
  readonly download: NonNullable<HubOptions['onProgress']>
  /** Takes the status away. */
  clear(): void
}

const milliseconds = { redraw: 200, first: 5000, between: 30_000, longest: 600_000 } as const

/** A terminal on `stream`; `now` gives milliseconds. Throws InputError for a verbosity that is none. */
export function openTerminal(
  stream: Output,
  options: VerbosityOptions = {},
  now: () => number = () => performance.now(),
): Terminal {
  const level = verbosities.indexOf(readVerbosity(options))
  const shows = (verbosity: (typeof verbosities)[number]) => verbosities.indexOf(verbosity) >= level
  const redraws = stream.isTTY === true && process.env.TERM !== 'dumb'
  const columns = () => (stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY)
  const opened = now()
  let isDrawn = false
  let said = { at: Number.NEGATIVE_INFINITY, tenth: 0 }
  const clear = () => {
    if (isDrawn) stream.write('\r\x1b[K')
    isDrawn = false
  }
  const say = (line: Said) => {
    clear()
    stream.write(`${wrapped(inFlags(line), columns())}\n`)
  }
  const status = (status: Status) => {
    if (!shows('INFO')) return
    const at = now()
    if (redraws) {
      if (at - said.at < milliseconds.redraw) return
      said = { at, tenth: 0 }
      stream.write(`\r\x1b[K${statusText(status, columns() - 1)}`)
      isDrawn = true
      return
    }
    const tenth = Math.floor((status.share ?? 0) * 10)
    const isFirst = said.at === Number.NEGATIVE_INFINITY
    const since = at - (isFirst ? opened : said.at)
    const isDue = isFirst
      ? since >= milliseconds.first
      : since >= milliseconds.longest || (since >= milliseconds.between && tenth !== said.tenth)
    if (!isDue) return
    said = { at, tenth }
    stream.write(`${statusText(status, columns())}\n`)
  }
  const info = (line: Said) => {
    if (shows('INFO')) say(line)
  }
  const warn = (line: Said) => {
    if (shows('WARNING')) say(line)
  }
  return {
    info,
    warn,
    notice: (line, importance) => (importance === 'warning' ? warn(line) : info(line)),
    debug: (line) => {
      if (shows('DEBUG')) say(line)
    },
    status,
    download: downloads(status, now),
    clear,
  }
}

/** "scoring 120 of 400 questions (30 %), 12 questions/s, 22 s left", as much of it as there is room for. */
function statusText({ what, share, rate, left }: Status, width: number): string {
  const percent = share === null ? '' : ` (${Math.min(99, Math.floor(100 * share))} %)`
  const time = left === null ? '' : `, ${durationWords(left)} left`
  const speed = rate === null ? '' : `, ${rate}`
  const whole = `${what}${percent}${speed}${time}`
  if (whole.length <= width) return whole
  const end = `${percent}${time}`
  const room = Math.max(0, width - end.length - 1)
  return `${what.length <= room ? what : `${what.slice(0, room)}…`}${end}`.slice(0, Math.max(0, width))
}

/** Files of all repositories that are being downloaded, as one status. */
function downloads(show: (status: Status) => void, now: () => number): NonNullable<HubOptions['onProgress']> {
  const files = new Map<string, { readonly repo: string; readonly loaded: number; readonly total: number }>()
  const time = new RemainingTime(now)
  return ({ repo, path, loaded, total }) => {
    files.set(`${repo}/${path}`, { repo, loaded, total: total ?? loaded })
    const sum = (value: 'loaded' | 'total') => [...files.values()].reduce((all, file) => all + file[value], 0)
    const [done, all] = [sum('loaded'), sum('total')]
    time.update([{ kind: 'bytes', done, total: all, alike: true }])
    const seconds = time.secondsPerUnit('bytes')
    show({
      what: `downloading ${repo}: ${byteWords(done)} of ${byteWords(all)}`,
      share: all === 0 ? null : done / all,
      rate: seconds === null || seconds === 0 ? null : `${byteWords(1 / seconds)}/s`,
      left: time.left,
    })
  }
}

/** A line in lines of at most so many columns, broken between words. */
function wrapped(line: string, columns: number): string {
  if (line.length < columns) return line
  const lines: string[] = []
  for (const word of line.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length < columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(lines.length === 0 ? word : `  ${word}`)
  }
  return lines.join('\n')
}
