import { expect, it } from 'vitest'
import type { MetricView } from '../html/metric-view.js'
import { reportCharts } from '../html/report-charts.js'
import { renderSvg } from './render-chart.js'

/** Ten latents with two coefficients each, and the interval of every value. */
function view(): MetricView {
  const score = { task: 't', alias: 't', members: null, metric: 'acc', filter: 'none', n: 10, higherIsBetter: true }
  const runs = Array.from({ length: 10 }, (_, latent) => [1, 2].map((coefficient) => ({ latent, coefficient }))).flat()
  const shown = runs.map((parameters) => ({
    run: {
      label: JSON.stringify(parameters),
      parameters,
      results: { scores: [{ ...score, value: parameters.latent / 20, stderr: null }] },
    },
    measures: [
      {
        ...score,
        chance: null,
        interval: { low: parameters.latent / 20, high: parameters.latent / 18, method: 'wilson' },
      },
    ],
    comparisons: null,
  }))
  const [column] = shown[0]!.run.results.scores
  return {
    metric: 'acc',
    columns: [column],
    names: new Map([['t', 't']]),
    wanted: null,
    baseline: null,
    runs: shown,
    dose: 'coefficient',
  } as unknown as MetricView
}

it('joins no points of different latents, whatever their colour', async () => {
  const [chart] = reportCharts(view())
  expect(chart!.legend.slice(-1)).toEqual(['other settings'])
  const svg = await renderSvg(chart!.chart, 'page')
  const paths = (mark: string) =>
    [...svg.matchAll(new RegExp(`<g class="mark-${mark} role-mark[^>]*>(.*?)</g>`, 'gs'))].flatMap(([, group]) => [
      ...group!.matchAll(/<path [^>]*d="(M[^"]*)"/g),
    ])
  // a line from one point to one other, for each latent
  expect(paths('line').map(([, d]) => d!.match(/L/g)?.length)).toEqual(Array(10).fill(1))
  // bands of those that have a colour of their own
  expect(paths('area')).toHaveLength(7)
  expect(chart!.caption).toContain('Other settings have a line each and no band.')
})
