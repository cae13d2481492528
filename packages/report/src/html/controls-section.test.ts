import { expect, it } from 'vitest'
import { fakeSweep } from '../results/fake-sweep.testing.js'
import { type Experiment, readExperiment } from '../results/read-experiment.js'
import { controlsSection } from './controls-section.js'

it('says p of each kind of controls, corrected, in a table as all others are', async () => {
  const experiment = await readExperiment(fakeSweep([-20, 20], 60, 3))
  const html = controlsSection(experiment)
  expect(html).toContain('id="beside-controls"')
  expect(html).toContain('role="region" tabindex="0" aria-label="Differences beside those of controls"')
  expect(html).toContain('2 of random latents, 2 of random directions')
  const names = [...html.matchAll(/data-name="([^"]*)"/g)].map(([, name]) => name)
  expect(new Set(names).size).toBe(names.length)
  // by hand: the smaller of two p values counts twice, the larger once, and neither below the other
  const values = [...html.matchAll(/data-label="(p[^"]*), random latents"[^>]*data-v="([^"]*)"/g)]
  const [first, second] = [values.slice(0, 2), values.slice(2)].map((two) => two.map(([, , value]) => Number(value)))
  const [[p, holm], [otherP, otherHolm]] = [first!, second!] as [[number, number], [number, number]]
  expect(p).toBeLessThan(otherP)
  expect([holm, otherHolm]).toEqual([2 * p, Math.min(1, Math.max(2 * p, otherP))])
  // what the CSV has beside the mean
  expect(html).toMatch(/data-label="random latents" data-v="[^"]+" data-more="\[&quot;[\d.e-]+&quot;,&quot;3&quot;\]"/)
})

it('counts groups in no family', async () => {
  const experiment = await readExperiment(fakeSweep([20], 60, 3))
  const withGroup = <Run extends Experiment['runs'][number] | NonNullable<Experiment['controls']>[number]>(
    run: Run,
  ): Run => {
    const [dogs] = run.results.scores
    const group = { ...dogs!, task: 'g', alias: 'g', members: ['dogs', 'cats'] }
    return { ...run, results: { ...run.results, scores: [...run.results.scores, group] } }
  }
  const { baseline, runs, controls = [] } = experiment
  const grouped = {
    ...experiment,
    baseline: withGroup(baseline!),
    runs: runs.map(withGroup),
    controls: controls.map(withGroup),
  }
  const html = controlsSection(grouped)
  expect(html).toContain('2 of random latents')
  expect(html).toContain('<span>g (group)</span>')
  expect(html).toContain('<span>not in the family</span>')
  expect(controlsSection({ ...experiment, controls: [] })).toBe('')
})
