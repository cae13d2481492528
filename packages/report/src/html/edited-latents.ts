import { isObject, object, objectOf } from '@saeval/hub/checks'
import { releases } from '@saeval/sae-core'
import * as v from 'valibot'
import type { ExperimentRun } from '../results/read-experiment.js'
import { dataTable, type TableCell } from './data-table.js'
import { escapeHtml } from './escape.js'
import { plainText } from './numbers.js'

/** A latent that runs have edited, as their records tell. */
export interface EditedLatent {
  readonly latent: string
  readonly description: string
  readonly release: string
  readonly sae: string
  readonly hookPoint: string
  readonly actions: readonly string[]
  readonly coefficients: readonly number[]
  /** Its page on Neuronpedia; null where the registry knows none. */
  readonly link: string | null
}

const mostListed = 50
const schema = v.fallback(objectOf({ rows: v.array(object) }), { rows: [] })

/** Every latent that the runs edit, once, in the order of the runs. */
export function editedLatents(runs: readonly ExperimentRun[]): EditedLatent[] {
  const found = new Map<string, { first: EditedLatent; actions: Set<string>; coefficients: Set<number> }>()
  for (const { results } of runs) {
    for (const row of v.parse(schema, results.provenance?.steering).rows) {
      const text = (name: string) => (isTold(row[name]) ? String(row[name]) : '')
      const first: EditedLatent = {
        latent: text('latent_idx'),
        description: text('description'),
        release: text('sae_release'),
        sae: text('sae_id'),
        hookPoint: text('hook_point'),
        actions: [],
        coefficients: [],
        link: neuronpediaLink(text('sae_release'), text('sae_id'), text('latent_idx')),
      }
      const key = latentKey(first)
      const own = found.get(key) ?? { first, actions: new Set(), coefficients: new Set() }
      found.set(key, own)
      own.actions.add(text('hook_action') || 'add')
      if (typeof row.steering_coefficient === 'number') own.coefficients.add(row.steering_coefficient)
    }
  }
  return [...found.values()].map(({ first, actions, coefficients }) => ({
    ...first,
    actions: [...actions],
    coefficients: [...coefficients].sort((a, b) => a - b),
  }))
}

/** What makes a latent that one and no other, as text: its SAE, hook point and number. */
export function latentKey({ release, sae, hookPoint, latent }: EditedLatent): string {
  return JSON.stringify([release, sae, hookPoint, latent])
}

function isTold(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function neuronpediaLink(release: string, sae: string, latent: string): string | null {
  const known = releases()
    .get(release)
    ?.saes.find(({ id }) => id === sae)?.neuronpedia
  return known && /^\d+$/.test(latent) ? `https://www.neuronpedia.org/${known}/${latent}` : null
}

/** What was edited, as a table; '' where no record tells it. Where the run that others are held against edits too, each latent stands with who edits it. */
export function editedSection(baseline: ExperimentRun | null, runs: readonly ExperimentRun[]): string {
  const before = baseline === null ? [] : editedLatents([baseline])
  const isOfBoth = before.length > 0
  const latents = [
    ...before.map((latent) => ({ ...latent, by: baseline!.label })),
    ...editedLatents(runs).map((latent) => ({ ...latent, by: runs.length === 1 ? runs[0]!.label : 'the others' })),
  ]
  if (latents.length === 0) return ''
  const rows = latents.slice(0, mostListed).map(({ latent, description, release, sae, hookPoint, by, ...rest }) => {
    const link: TableCell =
      rest.link === null
        ? { html: '–', value: null }
        : { html: `<a href="${escapeHtml(rest.link)}" rel="noreferrer">Neuronpedia</a>`, value: rest.link }
    return {
      cells: [
        `latent ${latent}`,
        ...(isOfBoth ? [by] : []),
        description || '–',
        `${sae} of ${release}`,
        hookPoint || '–',
        rest.actions.join(', '),
        coefficientsText(rest.coefficients),
        link,
      ],
    }
  })
  const more =
    latents.length > mostListed ? `<p>The first ${mostListed} of ${latents.length} latents are here.</p>` : ''
  return `<section id="edited"><h2>What was edited<a class="anchor" href="#edited" aria-label="Link to What was edited">#</a></h2>${dataTable(
    {
      id: 'edited-latents',
      caption: 'Latents that were edited',
      columns: [
        'latent',
        ...(isOfBoth ? ['edited by'] : []),
        'description',
        'SAE',
        'hook point',
        'action',
        'coefficients',
        'page',
      ].map((name) => ({
        name,
        isText: true,
      })),
      rows,
    },
  )}${more}</section>`
}

function coefficientsText(values: readonly number[]): string {
  if (values.length <= 3) return values.map(plainText).join(', ') || '–'
  return `${plainText(values[0]!)} to ${plainText(values.at(-1)!)} (${values.length} values)`
}

/** What stands at the top: model, documents, runs, when, by which program. */
export function factsList(baseline: ExperimentRun | null, runs: readonly ExperimentRun[]): string {
  const all = [...(baseline ? [baseline] : []), ...runs]
  const distinct = (values: readonly (string | null)[]) => [...new Set(values.filter((value) => value !== null))]
  const tasks = new Map<string, number>()
  for (const { results } of all)
    for (const { task, members, n } of results.scores) if (members === null) tasks.set(task, n)
  const documents = [...tasks.values()].reduce((sum, n) => sum + n, 0)
  const days = distinct(
    all.map(({ results: { date } }) => (Number.isNaN(date.getTime()) ? null : date.toISOString().slice(0, 10))),
  ).sort()
  const versions = distinct(
    all.map(({ results: { provenance } }) => (isTold(provenance?.version) ? `saeval ${provenance.version}` : null)),
  )
  const models = distinct(all.map(({ results: { modelArgs } }) => modelName(modelArgs)))
  const facts: readonly (readonly [string, string])[] = [
    ['model', models.join(', ')],
    ['settings', `${runs.length}${baseline ? ' and the unsteered model' : ', no unsteered model to compare with'}`],
    ['documents', `n = ${documents} in ${tasks.size} task${tasks.size === 1 ? '' : 's'}`],
    ['date', days.length > 1 ? `${days[0]} to ${days.at(-1)}` : (days[0] ?? 'unknown')],
    ['made by', versions.join(', ') || 'another program'],
  ]
  return `<dl class="facts">${facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join('')}</dl>`
}

function modelName(modelArgs: unknown): string | null {
  const { base_name: base, pretrained } = isObject(modelArgs) ? modelArgs : {}
  const name = base ?? pretrained
  return typeof name === 'string' ? name : null
}
