import type { TopLevelSpec } from 'vega-lite'

/** A point of a dose-response curve. */
export interface DosePoint {
  /** The dose: a coefficient. */
  readonly x: number
  readonly value: number
  /** 95 % band around the value; null where there is no standard error. */
  readonly low: number | null
  readonly high: number | null
  /** Which curve it is on: the task. */
  readonly series: string
  /** Which panel it is in: the other parameters; '' for all in one. */
  readonly panel: string
}

export interface DoseResponseOptions {
  readonly metric: string
  /** Name of the dose. */
  readonly dose: string
  readonly points: readonly DosePoint[]
  /** The unsteered value of each curve. */
  readonly baselines: readonly { readonly series: string; readonly value: number }[]
}

/** Value against dose, a line with an error band for each task, the unsteered value as a dashed line of the same colour. */
export function doseResponseChart({ metric, dose, points, baselines }: DoseResponseOptions): TopLevelSpec {
  const panels = [...new Set(points.map(({ panel }) => panel))]
  const color = { field: 'series', type: 'nominal' as const, title: null, sort: null }
  const y = { field: 'value', type: 'quantitative' as const, title: metric, scale: { zero: false } }
  const x = { field: 'x', type: 'quantitative' as const, title: dose }
  // a panel's baselines stand in its own data, so that facets need no second data set; names stand in data, never in expressions, which Vega runs
  const rows = [
    ...points.map((point) => ({ ...point, kind: 'cell', named: `${point.series}, ${dose} ` })),
    ...panels.flatMap((panel) => baselines.map((baseline) => ({ ...baseline, panel, kind: 'baseline' }))),
  ].map((row) => ({ ...row, place: panels.indexOf(row.panel) }))
  const cells = [{ filter: "datum.kind === 'cell'" }]
  const layer = [
    {
      transform: [{ filter: "datum.kind === 'baseline'" }],
      mark: { type: 'rule' as const, strokeDash: [5, 4], strokeWidth: 1.2, opacity: 0.8 },
      encoding: { y, color, description: { value: null } },
    },
    {
      transform: [...cells, { filter: 'isValid(datum.low)' }],
      mark: { type: 'area' as const, opacity: 0.15, aria: false },
      encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
    },
    { transform: cells, mark: { type: 'line' as const, strokeWidth: 2, aria: false }, encoding: { x, y, color } },
    {
      transform: [
        ...cells,
        {
          calculate:
            "datum.named + format(datum.x, '~g') + ': ' + format(datum.value, '.4f') + (isValid(datum.low) ? ' (' + format(datum.low, '.4f') + ' to ' + format(datum.high, '.4f') + ')' : '')",
          as: 'says',
        },
      ],
      mark: { type: 'point' as const, filled: true, size: 45, opacity: 1 },
      encoding: { x, y, color, description: { field: 'says', type: 'nominal' as const } },
    },
  ]
  const title = `${metric} by ${dose}`
  if (panels.length === 1) return { title, data: { values: rows }, width: 640, height: 320, layer }
  return {
    title,
    data: { values: rows },
    facet: { field: 'panel', type: 'nominal', title: null, sort: { field: 'place', op: 'min' } },
    columns: 2,
    spec: { width: 290, height: 220, layer },
  }
}
