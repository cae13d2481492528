import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { call, InputError, lines, option, sentence } from './index.js'

const inCapitals = (said: unknown) =>
  sentence`${said}`.with((named) => ('option' in named ? named.option : `a ${named.call}`).toUpperCase())

it('a sentence names options and functions as the library does, or as one wants', () => {
  const said = sentence`${option('topK')} is ${3}: ${call('inspect')} shows ${null}`
  expect(String(said)).toBe('`topK` is 3: inspect() shows null')
  expect(inspect(said)).toBe(String(said))
  expect(inCapitals(said)).toBe('TOPK is 3: A INSPECT shows null')
})

it('an error keeps what its sentence names, in other sentences too', () => {
  const inner = new InputError(sentence`there is no ${option('csvPath')}`)
  expect(inner).toMatchObject({ message: 'there is no `csvPath`', option: 'csvPath' })
  const outer = new InputError(sentence`a.csv:3: ${inner}; ${new Error('why')}`, { cause: inner })
  expect(outer).toMatchObject({ message: 'a.csv:3: there is no `csvPath`; why', option: 'csvPath' })
  expect(inCapitals(outer)).toBe('a.csv:3: there is no CSVPATH; why')
  expect(inCapitals(lines([outer.sentence, 'b', sentence`${option('c')}`]))).toBe(
    'a.csv:3: there is no CSVPATH; why\nb\nC',
  )
})

it('texts are not searched for options', () => {
  const error = new InputError('`topK` is of a server')
  expect(error.option).toBeUndefined()
  expect(inCapitals(error)).toBe('`topK` is of a server')
  expect(inCapitals(new Error('`topK`'))).toBe('`topK`')
  expect(inCapitals(undefined)).toBe('undefined')
})

it('errors and sentences of another copy of this package count', () => {
  const copied = { parts: ['the ', { option: 'a' }, '.'] }
  expect(inCapitals(Object.assign(new Error('x'), { sentence: copied }))).toBe('the A.')
})
