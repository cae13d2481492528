import { PyFloat } from '@saeval/python'
import { expect, it } from 'vitest'
import { cellTable } from './cell-table.js'

const cells = [
  { id: 'baseline', parameters: {}, tasks: ['demo_dogs', 'demo_cats', 'demo_a_very_long_name'] },
  { id: 'a', parameters: { action: 'clamp_active', coefficient: -20 }, tasks: ['demo_dogs', 'demo_cats'] },
]
const results = new Map([
  [
    'results',
    new Map([
      [
        'demo_dogs',
        new Map([
          ['alias', 'dogs'],
          ['acc,none', new PyFloat(0.5)],
          ['acc_stderr,none', new PyFloat(1)],
        ] as never),
      ],
    ]),
  ],
]) as never

it.each([40, 60, 80, 120])('fills in %i columns', (columns) => {
  const table = cellTable(cells, columns)
  const lines = [
    table.header,
    table.row(1, cells[0]!, { results, actedShare: null }, 0.2),
    table.row(2, cells[1]!, { results, actedShare: 0.1 }, 90),
  ]
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  if (columns === 60)
    expect(lines).toEqual(
      [
        'run  action        coefficient    dogs  …  acted    time',
        '1/2  unsteered                  0.5000  …           <1 s',
        '2/2  clamp_active  −20          0.5000  …   10 %   2 min',
      ].map((line) => line.slice(0, 80)),
    )
})

it('says why a cell has no results', () => {
  expect(cellTable(cells, 80).row(2, cells[1]!, { error: 'no row acts' }, 1)).toContain('failed: no row acts')
})
