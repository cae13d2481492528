import { expect, it } from 'vitest'
import { parseNumberList } from './number-list.js'

it.each([
  ['0,-5,-10', [0, -5, -10]],
  ['-100:100:50', [-100, -50, 0, 50, 100]],
  ['0:1:0.1', [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
  ['10:0:-4', [10, 6, 2]],
  ['1, 1:3:1, 7', [1, 2, 3, 7]],
  ['3:3:1', [3]],
])('%s', (text, numbers) => {
  expect(parseNumberList('--coefficients', text)).toEqual(numbers)
})

it.each([
  ['', 'neither a number nor a range'],
  ['1,,2', 'neither a number nor a range'],
  ['1:2', 'neither a number nor a range'],
  ['0:10:-1', 'never arrives'],
  ['0:10:0', 'never arrives'],
  ['0:1e9:1', 'more than 10000'],
  ['many', '--coefficients: "many"'],
])('refuses "%s"', (text, message) => {
  expect(() => parseNumberList('--coefficients', text)).toThrow(message)
})
