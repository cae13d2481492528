import type { Experiment, ExperimentRun, Sample } from '@saeval/report'
import { firstFilter } from '@saeval/report/internal/compare/changed-samples'
import { type EditedLatent, editedLatents, latentKey } from '@saeval/report/internal/html/edited-latents'
import { escapeHtml } from '@saeval/report/internal/html/escape'
import { doseOf } from '@saeval/report/internal/html/experiment-shape'
import { reportParts } from '@saeval/report/internal/html/report-parts'
import { named } from '../addressed-runs.js'
import { latentNotes } from '../latent-notes.js'
import type { FolderView } from '../ui-folder.js'
import { options } from './samples-page.js'
import { uiPage } from './ui-page.js'

/** Prompts whose texts are shown. */
const mostStories = 3
/** Runs whose texts are shown. */
const mostRuns = 24

/** A latent: what it is active on, what it does to every task, what is written at each strength. */
export async function latentPage(view: FolderView, query: URLSearchParams): Promise<string> {
  const experiment = await view.experiment()
  const latents = new Map(editedLatents(experiment.runs).map((one) => [latentKey(one), one]))
  const [first] = latents.keys()
  if (first === undefined)
    return uiPage({
      title: 'Latents',
      place: 'latent',
      body: '<p>No run of this folder tells which latents it edits.</p>',
    })
  const key = query.get('latent') || first
  const latent = named('the latent', latents, key)
  const names = [...latents].map(([name, one]) => [name, nameOf(one)] as const)
  const form = `<form class="controls"><label>latent<select name="latent">${options(names, key, null)}</select></label><button>Show</button></form>`
  const body = await view.kept(`latent ${key}`, async () => {
    const runs = experiment.runs.filter((run) => editedLatents([run]).some((one) => latentKey(one) === key))
    const own: Experiment = { ...experiment, runs }
    const target = view.target === undefined ? {} : { target: view.target }
    const { parts } = await reportParts(own, { withoutSamples: true, words: view.words, kept: view.found, ...target })
    const shown = parts.filter(({ id }) => id === 'edited' || id.startsWith('metric-'))
    return `${await notesSection(latent)}${shown.map(({ html }) => html).join('\n')}${await storiesSection(own)}`
  })
  return uiPage({
    title: nameOf(latent),
    place: 'latent',
    body: `${latents.size > 1 ? form : ''}${body}`,
    scripts: ['chart-points', 'data-tables', 'downloads'],
  })
}

function nameOf({ latent, description, sae, release }: EditedLatent): string {
  return `latent ${latent}${description ? ` (${description})` : ''} of ${sae}, ${release}`
}

async function notesSection(latent: EditedLatent): Promise<string> {
  const notes = await latentNotes(latent)
  const page =
    latent.link === null
      ? ''
      : `<p><a href="${escapeHtml(latent.link)}" rel="noreferrer">This latent on Neuronpedia</a></p>`
  if (typeof notes === 'string') {
    const told = latent.description ? `<p>${escapeHtml(latent.description)}</p>` : ''
    return `<section id="activations"><h2>Where it is active</h2>${told}${page}<p class="soft">No texts of its activations are here: ${escapeHtml(notes)}.</p></section>`
  }
  const { label, maxActivation, density, snippets } = notes
  const facts = [
    label === null ? [] : [['label', label]],
    maxActivation === null ? [] : [['largest activation', String(Number(maxActivation.toPrecision(3)))]],
    density === null ? [] : [['active at', `${Number((100 * density).toPrecision(3))} % of tokens`]],
  ].flat() as [string, string][]
  const list = snippets.map((text) => `<li>${marked(text)}</li>`).join('')
  return `<section id="activations"><h2>Where it is active</h2><dl class="facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
${list ? `<p class="soft">Texts of its largest activations, by the features file beside the SAE; the token is marked.</p><ul class="snippets">${list}</ul>` : ''}${page}</section>`
}

/** A snippet with the token between « and » marked. */
function marked(text: string): string {
  return escapeHtml(text).replace(/«(.*?)»/gs, '<mark>$1</mark>')
}

/** What was written to the first prompts, unsteered and by each run, by its strength; of many runs those that lie evenly among the strengths. */
async function storiesSection({ baseline, runs }: Experiment): Promise<string> {
  const shown = evenly(byDose(runs), mostRuns)
  const all = [...(baseline ? [baseline] : []), ...shown]
  const written = new Map<string, { prompt: string; texts: [string, string][] }>()
  for (const run of all)
    for (const [task, sample] of await firstTexts(run)) {
      const key = JSON.stringify([task, sample.docId])
      const own = written.get(key) ?? { prompt: sample.prompt, texts: [] }
      own.texts.push([run.label, sample.answer!])
      written.set(key, own)
    }
  if (written.size === 0) return ''
  const stories = [...written.values()].map(
    ({ prompt, texts }) =>
      `<h3>${escapeHtml(prompt.trim().slice(-300))}</h3><div class="stories">${texts.map(([label, text]) => `<article><h4>${escapeHtml(label)}</h4><p>${escapeHtml(text.slice(0, 2000))}</p></article>`).join('')}</div>`,
  )
  const left =
    shown.length === runs.length
      ? ''
      : `<p class="soft">Texts of ${shown.length} of ${runs.length} settings are here, evenly chosen among the strengths; the <a href="./samples">samples</a> hold all.</p>`
  return `<section id="stories"><h2>What is written</h2>${left}${stories.join('\n')}</section>`
}

/** Runs by their strength, where they have one. */
function byDose(runs: readonly ExperimentRun[]): readonly ExperimentRun[] {
  const dose = doseOf(runs)
  return dose === null ? runs : [...runs].sort((a, b) => Number(a.parameters[dose]) - Number(b.parameters[dose]))
}

/** At most so many of a list, the first and the last among them, at even distances. */
function evenly<Thing>(list: readonly Thing[], most: number): readonly Thing[] {
  if (list.length <= most) return list
  return Array.from({ length: most }, (_, at) => list[Math.round((at * (list.length - 1)) / (most - 1))]!)
}

/** A run's first generated answers of each task. */
async function firstTexts({ results }: ExperimentRun): Promise<[string, Sample][]> {
  const found: [string, Sample][] = []
  for (const [task, path] of results.samples) {
    let count = 0
    for await (const sample of firstFilter(path)) {
      if (sample.answer === null || ++count > mostStories) break
      found.push([task, sample])
    }
  }
  return found
}
