import { compile, type TopLevelSpec } from 'vega-lite'
import { expect, it } from 'vitest'
import { doseResponseChart } from './dose-response.js'
import { renderSvg } from './render-chart.js'
import { tradeOffChart } from './trade-off.js'

const evil = (name: string) => `${name}' + (4711+2) + '"];<script>`

/** Everything that Vega reads as code. */
function* codeOf(spec: unknown): Generator<string> {
  if (typeof spec !== 'object' || spec === null) return
  for (const [name, value] of Object.entries(spec)) {
    if (['expr', 'signal', 'test', 'update', 'init', 'filter'].includes(name) && typeof value === 'string') yield value
    yield* codeOf(value)
  }
}

const point = { value: 0.5, low: 0.4, high: 0.6, says: evil('point') }
it.each<[string, TopLevelSpec]>([
  [
    'doses',
    doseResponseChart({
      metric: evil('metric'),
      dose: evil('dose'),
      points: ['a', 'b'].flatMap((panel) =>
        [1, 2].map((x) => ({
          ...point,
          x,
          series: evil('latent'),
          line: evil('latent'),
          panel: evil(`task ${panel}`),
        })),
      ),
      baselines: [{ panel: evil('task a'), value: 0.7 }],
      chance: [{ panel: evil('task a'), value: 0.25 }],
      series: [evil('latent'), evil('other')],
      isShare: true,
    }),
  ],
  [
    'trade-offs',
    tradeOffChart({
      metric: evil('metric'),
      targetTask: evil('task'),
      otherTasks: evil('others'),
      points: [{ label: evil('run'), target: 0.5, others: 0.6, series: evil('latent') }],
      baseline: { label: evil('unsteered'), target: 0.6, others: 0.6 },
      wanted: 'low',
    }),
  ],
])('names in charts of %s are never code', async (_, chart) => {
  const code = [...codeOf(compile(chart).spec)]
  expect(code.length).toBeGreaterThan(3)
  expect(code.filter((text) => /4711|script/.test(text))).toEqual([])
  const svg = await renderSvg(chart, 'page')
  expect(svg).toMatch(/task( a)?'/)
  expect(svg).toContain('latent&#39; + (4711+2) + &#39;&quot;];&lt;script&gt;'.replaceAll('&#39;', "'"))
  expect(svg).not.toContain('<script')
})
