import { describe, expect, it } from 'vitest'
import { describeSelection, isSelected, parsePositions } from './position-selection.js'

/** Positions selected in a text of 5 prompt tokens (BOS first, another special token at 2) and 3 generated ones. */
function selected(include: string, exclude = ''): number[] {
  const selection = { include: parsePositions(include), exclude: exclude === '' ? [] : parsePositions(exclude) }
  return Array.from({ length: 8 }, (_, position) => position).filter((position) =>
    isSelected(selection, {
      id: position,
      position,
      promptLength: 5,
      isBos: position === 0,
      isSpecial: position === 0 || position === 2 || position === 7,
    }),
  )
}

describe('positions', () => {
  it.each([
    ['all', '', [0, 1, 2, 3, 4, 5, 6, 7]],
    ['prompt', '', [0, 1, 2, 3, 4]],
    ['generated', '', [5, 6, 7]],
    ['last_prompt', '', [4]],
    ['all', 'bos', [1, 2, 3, 4, 5, 6, 7]],
    ['all', 'special', [1, 3, 4, 5, 6]],
    ['1:3', '', [1, 2]],
    ['-2:', '', [3, 4]],
    ['-2:-1', '', [3]],
    [':2', '', [0, 1]],
    ['3:', '', [3, 4]],
    ['-1', '', [4]],
    ['2', '', [2]],
    ['-9:2', '', [0, 1]],
    ['1:-1', '', [1, 2, 3]],
    ['6:9', '', []],
    ['0 generated', '', [0, 5, 6, 7]],
    ['prompt generated', '1:3 last_prompt', [0, 3, 5, 6, 7]],
    ['prompt', 'all', []],
  ])('"%s" without "%s"', (include, exclude, expected) => {
    expect(selected(include, exclude)).toEqual(expected)
  })

  it.each(['x', '1:2:3', '3:3', '4:2', '-1:-3', '', '1.5', '99999999999999999999'])('refuses "%s"', (text) => {
    expect(() => parsePositions(text)).toThrow()
  })

  it('describes a selection', () => {
    expect(describeSelection({ include: parsePositions('prompt -3:'), exclude: parsePositions('bos') })).toBe(
      'positions prompt -3: without bos',
    )
  })
})
