import { afterEach, describe, expect, it, vi } from 'vitest'
import { runCommand } from '../run.testing.js'
import { durationWords, rateWords } from './quantity-words.js'
import { openTerminal, type Status } from './terminal.js'
import { readVerbosity } from './verbosity.js'

/** A terminal of some columns, or none at all, and a clock. */
function watched(columns: number | null, options = {}) {
  let now = 0
  let text = ''
  const write = (part: string) => {
    text += part
    return true
  }
  const stream = { isTTY: columns !== null, columns: columns ?? undefined, write } as unknown as NodeJS.WriteStream
  const terminal = openTerminal(stream, options, () => now)
  return {
    terminal,
    wait: (seconds: number) => {
      now += 1000 * seconds
    },
    written: () => text,
  }
}

const status = (share: number, more: Partial<Status> = {}): Status => ({
  what: `run 3 of 15, scoring ${Math.round(400 * share)} of 400 questions`,
  share,
  rate: '12 questions/s',
  left: 100 * (1 - share),
  ...more,
})

/** Goes through so many seconds of even work, with a status each tenth of a second. */
function work({ terminal, wait }: ReturnType<typeof watched>, seconds: number) {
  for (let tick = 1; tick <= seconds * 2; tick++) {
    wait(0.5)
    terminal.status(status(tick / (2 * seconds)))
  }
}

afterEach(() => vi.unstubAllEnvs())

describe('what a command tells of itself', () => {
  it('is a line every 30 s or tenth, whichever is rarer, where there is no terminal; the first one early', () => {
    for (const [seconds, lines] of [
      [4, 0],
      [28, 1],
      [100, 4],
      [900, 11],
      [36_000, 61],
    ] as const) {
      const pipe = watched(null)
      work(pipe, seconds)
      expect(pipe.written()).not.toMatch(/[\x1b\r]/)
      expect(pipe.written().split('\n').length - 1).toBe(lines)
    }
  })

  it('is one line in a terminal, no wider than that', () => {
    for (const columns of [20, 40, 80, 200]) {
      const tty = watched(columns)
      work(tty, 30)
      tty.terminal.info('a note that is longer than eighty columns are, so that it has to be broken between two words')
      const lines = tty.written().split(/\r\x1b\[K|\n/)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
      expect(lines.filter((line) => line.includes('left')).length).toBeGreaterThan(20)
      if (columns >= 80)
        expect(tty.written()).toContain('scoring 200 of 400 questions (50 %), 12 questions/s, 50 s left')
      else expect(tty.written()).toMatch(/50 s left/)
    }
  })

  it('takes 80 columns for a terminal that does not know how many it has', () => {
    // as `script` makes one when it is started without a terminal
    const tty = watched(0)
    work(tty, 30)
    tty.terminal.info('a note of six words')
    expect(tty.written()).toContain('scoring 200 of 400 questions (50 %), 12 questions/s, 50 s left')
    expect(tty.written()).toContain('a note of six words\n')
  })

  it('has no escape codes where the terminal knows none', () => {
    vi.stubEnv('TERM', 'dumb')
    const tty = watched(80)
    work(tty, 100)
    expect(tty.written()).not.toMatch(/[\x1b\r]/)
    expect(tty.written()).toContain('left\n')
  })

  it('depends on the verbosity', () => {
    const told = (options: object) => {
      const pipe = watched(null, options)
      pipe.terminal.debug('debug')
      pipe.terminal.info('info')
      pipe.terminal.warn('warning')
      pipe.wait(10)
      pipe.terminal.status(status(0.5))
      return pipe
        .written()
        .replace(/run 3.*/, 'status')
        .trim()
        .split('\n')
    }
    expect(told({ verbosity: 'debug' })).toEqual(['debug', 'info', 'warning', 'status'])
    expect(told({})).toEqual(['info', 'warning', 'status'])
    expect(told({ quiet: true })).toEqual(['warning'])
    expect(told({ verbosity: 'WARNING' })).toEqual(['warning'])
    expect(told({ verbosity: 'ERROR' })).toEqual([''])
    expect(told({ verbosity: 'CRITICAL' })).toEqual([''])
    expect(readVerbosity({ verbosity: 'INFO' }, { LMEVAL_LOG_LEVEL: 'debug' })).toBe('DEBUG')
    expect(() => readVerbosity({ verbosity: 'loud' })).toThrow('--verbosity loud: expected DEBUG, INFO, WARNING')
  })

  it('has one status for all files that are being downloaded', () => {
    const pipe = watched(80)
    for (let second = 1; second <= 10; second++) {
      pipe.wait(1)
      for (const path of ['a', 'b']) pipe.terminal.download({ repo: 'o/m', path, loaded: second * 1e8, total: 2e9 })
    }
    expect(pipe.written()).toContain('downloading o/m: 1.9 GB of 4.0 GB (47 %), 200 MB/s, 11 s left')
  })

  it('is in words that people read', () => {
    expect([0.2, 22.4, 89, 100, 3700, 90_000, 3_500_000].map(durationWords)).toEqual([
      'less than 1 s',
      '22 s',
      '89 s',
      '2 min',
      '1 h 2 min',
      '1 d 1 h',
      '40 d 12 h',
    ])
    expect([1234, 12.34, 1.26, 0.5, 0.01].map((rate) => rateWords(rate, 'texts'))).toEqual([
      '1,230 texts/s',
      '12 texts/s',
      '1.3 texts/s',
      '30 texts/min',
      '36 texts/h',
    ])
  })

  it('is nothing with --quiet, and an error with a word that is no level', async () => {
    const demo = ['run', '-a', 'pretrained=examples/demo/model', '-t', 'demo_dogs', '-L', '4']
    const argv = [...demo, '--include_path', 'examples/demo/tasks', '--device', 'cpu']
    expect((await runCommand([...argv, '--quiet'])).stderr).toBe('')
    expect((await runCommand(argv)).stderr).toContain('computed ')
    expect(await runCommand([...argv, '--verbosity', 'loud'])).toMatchObject({ code: 2 })
  })
})
