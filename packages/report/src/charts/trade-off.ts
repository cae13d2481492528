import type { TopLevelSpec } from 'vega-lite'
import { paretoFront } from '../statistics/pareto-front.js'

/** One run: what it does to the target task and to the others. */
export interface TradeOffPoint {
  readonly label: string
  /** Value on the target task. */
  readonly target: number
  /** Mean value on the other tasks. */
  readonly others: number
  /** Its colour and shape: the latent, action and what else differs but the strength; all alike by default. */
  readonly series?: string
}

export interface TradeOffOptions {
  readonly metric: string
  readonly targetTask: string
  readonly otherTasks: string
  readonly points: readonly TradeOffPoint[]
  readonly baseline: TradeOffPoint | null
  /** Whether the experiment wants the target task's value low (unlearning) or high. */
  readonly wanted: 'low' | 'high'
  /** Which values of the other tasks are better; null where that is not known or differs, and there is no front. high by default. */
  readonly others?: 'low' | 'high' | null
  /** All series in the order of their colours; those of the points by default. */
  readonly series?: readonly string[]
  /** The series whose points can stand on the front; all by default. */
  readonly front?: string
  /** Whether values are shares, shown in percent; they are not by default. */
  readonly isShare?: boolean
  /** A value in words; three digits by default. */
  readonly valueText?: (value: number) => string
}

/** Points on the Pareto front: no other point does more to the target and less harm to the others; of equal points all, without a better side none. */
export function tradeOffFront(
  points: readonly TradeOffPoint[],
  wanted: 'low' | 'high',
  others: 'low' | 'high' | null,
): TradeOffPoint[] {
  if (others === null) return []
  const sign = (better: 'low' | 'high') => (better === 'low' ? -1 : 1)
  const turned = points.map((point) => ({ x: sign(wanted) * point.target, y: sign(others) * point.others }))
  return paretoFront(turned).map((index) => points[index]!)
}

/**
 * Other tasks against the target task, a point for each run, the baseline as a diamond. The Pareto front is a staircase: what a point on it gives is
 * had up to the next one, and nothing between them.
 */
export function tradeOffChart(options: TradeOffOptions): TopLevelSpec {
  const { metric, targetTask, otherTasks, points, baseline, wanted, others = 'high', isShare = false } = options
  const { valueText = (value: number) => String(Number(value.toPrecision(3))) } = options
  const fit = points.filter((point) => options.front === undefined || point.series === options.front)
  const front = tradeOffFront(baseline ? [...fit, baseline] : fit, wanted, others)
  const own = (point: TradeOffPoint) => point.series || 'steered'
  const series = [...new Set(options.series ?? points.map(own))].map((name) => name || 'steered')
  const rows = (list: readonly TradeOffPoint[], kind: (point: TradeOffPoint) => string) =>
    list.map((point) => ({
      ...point,
      kind: kind(point),
      says: `${point.label}: ${targetTask} ${valueText(point.target)}, ${otherTasks} ${valueText(point.others)}`,
    }))
  const axis = isShare ? { format: '~%' } : {}
  const quantity = (field: 'target' | 'others', name: string) => ({
    field,
    type: 'quantitative' as const,
    title: `${name} (${metric})`,
    scale: { zero: false },
    axis,
  })
  const [x, y] = [quantity('target', targetTask), quantity('others', otherTasks)]
  const kinds = baseline ? [...series, baseline.label] : series
  const shapes = ['circle', 'square', 'triangle-up', 'cross', 'triangle-down', 'triangle-right', 'triangle-left']
  const range = kinds.map((_, index) => (index === series.length ? 'diamond' : shapes[index % shapes.length]!))
  const kind = { field: 'kind', type: 'nominal' as const, title: null }
  return {
    title: `Effect on ${targetTask} against effect on ${otherTasks}`,
    width: 420,
    height: 300,
    layer: [
      {
        data: { values: rows(front, () => 'front') },
        mark: {
          type: 'line',
          interpolate: wanted === 'low' ? 'step-after' : 'step-before',
          strokeWidth: 1.5,
          aria: false,
          color: '#8f8f8f',
        },
        encoding: { x, y, order: { field: 'target', type: 'quantitative' } },
      },
      {
        data: { values: [...rows(points, own), ...(baseline ? rows([baseline], ({ label }) => label) : [])] },
        mark: { type: 'point', filled: true, size: 80, opacity: 0.9 },
        encoding: {
          x,
          y,
          color: { ...kind, scale: { domain: kinds }, legend: {} },
          shape: { ...kind, scale: { domain: kinds, range } },
          description: { field: 'says', type: 'nominal' },
        },
      },
    ],
  }
}
