import type { TopLevelSpec } from 'vega-lite'
import { paretoFront } from '../statistics/pareto-front.js'

/** One run: what it does to the target task and to the others. */
export interface TradeOffPoint {
  readonly label: string
  /** Value on the target task. */
  readonly target: number
  /** Mean value on the other tasks. */
  readonly others: number
}

export interface TradeOffOptions {
  readonly metric: string
  readonly targetTask: string
  readonly otherTasks: string
  readonly points: readonly TradeOffPoint[]
  readonly baseline: TradeOffPoint | null
  /** Whether the experiment wants the target task's value low (unlearning) or high. */
  readonly wanted: 'low' | 'high'
}

/** Points on the Pareto front: no other point does more to the target and less harm to the others. */
export function tradeOffFront(points: readonly TradeOffPoint[], wanted: 'low' | 'high'): TradeOffPoint[] {
  const sign = wanted === 'low' ? -1 : 1
  return paretoFront(points.map(({ target, others }) => ({ x: sign * target, y: others }))).map(
    (index) => points[index]!,
  )
}

/** Other tasks against the target task, a point for each run, the Pareto front as a line, the unsteered model as a diamond. */
export function tradeOffChart({
  metric,
  targetTask,
  otherTasks,
  points,
  baseline,
  wanted,
}: TradeOffOptions): TopLevelSpec {
  const front = tradeOffFront(baseline ? [...points, baseline] : points, wanted)
  const describe = ({ label, target, others }: TradeOffPoint) =>
    `${label}: ${targetTask} ${target.toFixed(4)}, ${otherTasks} ${others.toFixed(4)}`
  const rows = (list: readonly TradeOffPoint[], kind: string) =>
    list.map((point) => ({ ...point, kind, says: describe(point) }))
  const kinds = ['steered', 'unsteered']
  const x = {
    field: 'target',
    type: 'quantitative' as const,
    title: `${targetTask} (${metric})`,
    scale: { zero: false },
  }
  const y = {
    field: 'others',
    type: 'quantitative' as const,
    title: `${otherTasks} (${metric})`,
    scale: { zero: false },
  }
  const kind = { field: 'kind', type: 'nominal' as const, title: null, scale: { domain: kinds } }
  return {
    title: `Effect on ${targetTask} against effect on ${otherTasks}`,
    width: 560,
    height: 380,
    layer: [
      {
        data: { values: rows(front, 'front') },
        mark: { type: 'line', strokeWidth: 1.5, opacity: 0.6, aria: false, color: '#8f8f8f', order: false },
        encoding: { x, y, order: { field: 'target', type: 'quantitative' } },
      },
      {
        data: { values: [...rows(points, 'steered'), ...(baseline ? rows([baseline], 'unsteered') : [])] },
        mark: { type: 'point', filled: true, size: 80, opacity: 0.9 },
        encoding: {
          x,
          y,
          color: { ...kind, legend: {} },
          shape: { ...kind, scale: { domain: kinds, range: ['circle', 'diamond'] } },
          description: { field: 'says', type: 'nominal' },
        },
      },
    ],
  }
}
