import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { progressLine, progressText } from './progress.js'

it.each([
  ['requests', 0, 400, 3, 'requests 0/400 (0 %)'],
  ['requests', 120, 400, 10, 'requests 120/400 (30 %), 12.0/s, 24 s left'],
  ['requests', 1, 1000, 10, 'requests 1/1000 (0 %), 0.100/s, 2.8 h left'],
  ['tasks', 57, 57, 2, 'tasks 57/57 (100 %), 28.5/s, 0 s left'],
] as const)('%s %i of %i after %i s', (stage, done, total, seconds, text) => {
  expect(progressText(stage, done, total, seconds)).toBe(text)
})

it('shows nothing where nobody looks', () => {
  const show = (isTTY: boolean) => {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream
    const line = progressLine(stream)
    line.update({ stage: 'requests', done: 1, total: 2 })
    line.download({ repo: 'a/b', path: 'c', loaded: 5e6, total: 9e6 })
    line.clear()
    return String(stream.read() ?? '')
  }
  expect(show(false)).toBe('')
  expect(show(true)).toContain('requests 1/2 (50 %)')
})
