import type { TopLevelSpec } from 'vega-lite'

/** A point of a dose-response curve. */
export interface DosePoint {
  /** The dose: a coefficient. */
  readonly x: number
  readonly value: number
  /** 95 % interval of the value; null where there is none. */
  readonly low: number | null
  readonly high: number | null
  /** Its colour: the latent, action and what else differs, or that of all that have none of their own. */
  readonly series: string
  /** Which curve it is on: of points in one colour only those of one curve are joined. */
  readonly line: string
  /** Which panel it is in: the task. */
  readonly panel: string
  /** What it says at the pointer, at a touch and to a screen reader. */
  readonly says: string
}

/** A level line of a panel. */
export interface DoseLevel {
  readonly panel: string
  readonly value: number
}

export interface DoseResponseOptions {
  readonly metric: string
  /** Name of the dose. */
  readonly dose: string
  readonly points: readonly DosePoint[]
  /** The unsteered value of each panel, a dashed line. */
  readonly baselines: readonly DoseLevel[]
  /** What guessing gives in each panel, a dotted line. */
  readonly chance: readonly DoseLevel[]
  /** All series in the order of their colours, of other charts beside it too. */
  readonly series: readonly string[]
  /** Whether values are shares, shown in percent. */
  readonly isShare: boolean
}

/** Value against dose: a panel for each task with the same scales, a line with its 95 % band for each series. */
export function doseResponseChart(options: DoseResponseOptions): TopLevelSpec {
  const { metric, dose } = options
  const title = `${metric} by ${dose}`
  const panels = panelsOf(options)
  const layer = layers(options, options.series.length > 1)
  if (panels.length === 1) return { title, data: { values: rows(options) }, width: 480, height: 300, layer }
  return {
    title,
    data: { values: rows(options) },
    facet: { field: 'panel', type: 'nominal', title: null, sort: { field: 'place', op: 'min' } },
    columns: 3,
    spec: { width: 240, height: 180, layer },
  }
}

/** The panels of the same chart, each by itself and without the legend. */
export function dosePanels(options: DoseResponseOptions): { readonly panel: string; readonly chart: TopLevelSpec }[] {
  return panelsOf(options).map((panel) => ({
    panel,
    chart: {
      title: panel,
      data: { values: rows(options).filter((row) => row.panel === panel) },
      width: 280,
      height: 180,
      layer: layers(options, false),
    },
  }))
}

function panelsOf({ points }: DoseResponseOptions): string[] {
  return [...new Set(points.map(({ panel }) => panel))]
}

/** A panel's levels stand in its own data; names stand in data, never in expressions, which Vega runs. */
function rows(options: DoseResponseOptions) {
  const panels = panelsOf(options)
  const level = (kind: string) => (item: DoseLevel) => ({ ...item, kind })
  return [
    ...options.points.map((point) => ({ ...point, kind: 'cell' })),
    ...options.baselines.map(level('baseline')),
    ...options.chance.map(level('chance')),
  ].map((row) => ({ ...row, place: panels.indexOf(row.panel) }))
}

function layers({ metric, dose, points, baselines, chance, series, isShare }: DoseResponseOptions, legend: boolean) {
  const all = [
    ...points.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]),
    ...[...baselines, ...chance].map(({ value }) => value),
  ]
  const ends = all.reduce(
    ([low, high], value) => [Math.min(low!, value), Math.max(high!, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  const scale = { zero: false, ...(ends[0]! < ends[1]! ? { domain: ends, nice: 5 } : {}) }
  const axis = isShare ? { format: '~%', tickCount: 5 } : { tickCount: 5 }
  const y = { field: 'value', type: 'quantitative' as const, title: metric, scale, axis }
  const x = { field: 'x', type: 'quantitative' as const, title: dose, axis: { tickCount: 6 } }
  const of = { field: 'series', type: 'nominal' as const, title: null, legend: legend ? {} : null }
  const color = { ...of, scale: { domain: [...series] } }
  const detail = { field: 'line', type: 'nominal' as const }
  const cells = [{ filter: "datum.kind === 'cell'" }]
  const rule = (kind: 'baseline' | 'chance', strokeDash: number[]) => ({
    transform: [{ filter: `datum.kind === '${kind}'` }],
    mark: { type: 'rule' as const, strokeDash, strokeWidth: 1.2, opacity: 0.8, aria: false },
    encoding: { y },
  })
  return [
    rule('baseline', [6, 4]),
    rule('chance', [1.5, 3]),
    {
      transform: [...cells, { filter: 'isValid(datum.low)' }],
      mark: { type: 'area' as const, opacity: 0.15, aria: false },
      encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color, detail },
    },
    {
      transform: cells,
      mark: { type: 'line' as const, strokeWidth: 2, aria: false },
      encoding: { x, y, color, detail },
    },
    {
      transform: cells,
      mark: { type: 'point' as const, filled: true, size: 45 },
      encoding: { x, y, color, shape: color, description: { field: 'says', type: 'nominal' as const } },
    },
  ]
}
