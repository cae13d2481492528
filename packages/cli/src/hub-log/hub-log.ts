import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { sanitizeModelName } from '@saeval/eval-harness/internal/results/names'
import { type HubOptions, openRepositoryWriter, type RepositoryWriter } from '@saeval/hub'
import { hubSettings } from '@saeval/hub/internal/hub-settings'
import { dumpsJson, type PyDict, type PyValue } from '@saeval/python'
import type { HubLogArguments } from './hub-log-arguments.js'
import { metadataCard } from './metadata-card.js'

/** A hub that results can be pushed to. */
export interface HubLog {
  /** Pushes a run's files as lm_eval's EvaluationTracker does; gives the repositories. */
  push(run: PushedRun): Promise<string[]>
}

/** What a run has written. */
export interface PushedRun {
  /** The results file first, then the samples of each task. */
  readonly files: readonly string[]
  /** Tasks of the sample files, in order. */
  readonly tasks: readonly string[]
  readonly results: PyDict
  readonly modelSource: string
  readonly modelName: string
}

/** Opens the hub before a run, so that a wrong token shows before the hours of computing. Throws InputError for it. */
export async function openHubLog(args: HubLogArguments, hub: HubOptions): Promise<HubLog> {
  const writer = await openRepositoryWriter('dataset', args.token, hub)
  const organisation = args.organisation ?? (await writer.account())
  const full = (name: string) => `${organisation}/${name}${args.isPublic ? '' : '-private'}`
  return {
    push: async (run) => {
      const [results, details] = [full(args.resultsName), full(args.detailsName)]
      if (args.pushResults) await pushResults(writer, results, !args.isPublic, run)
      if (args.pushSamples) await pushSamples(writer, details, args, run)
      // lm_eval's card is that of the samples
      const carded = args.pushSamples ? details : results
      await pushCard(writer, carded, args, run, hub)
      return [...new Set([...(args.pushResults ? [results] : []), ...(args.pushSamples ? [details] : [])])]
    },
  }
}

async function pushResults(
  writer: RepositoryWriter,
  repository: string,
  isPrivate: boolean,
  { files, modelName }: PushedRun,
): Promise<void> {
  await writer.create(repository, isPrivate)
  // a model in a folder of the root: a repository has no root
  const path = `${modelName}/${basename(files[0]!)}`.replace(/^\.?\/+/, '')
  await writer.upload(
    repository,
    [{ path, content: await openAsBlob(files[0]!) }],
    `Adding aggregated results for ${modelName}`,
  )
}

async function pushSamples(
  writer: RepositoryWriter,
  repository: string,
  { isPublic, isGated }: HubLogArguments,
  { files, tasks, modelName }: PushedRun,
): Promise<void> {
  await writer.create(repository, !isPublic)
  if (isGated) await writer.gate(repository)
  const folder = sanitizeModelName(modelName)
  const [results, ...samples] = files
  for (const [index, task] of tasks.entries()) {
    const own = [...(index === 0 ? [results!] : []), samples[index]!]
    const uploads = own.map(async (file) => ({ path: `${folder}/${basename(file)}`, content: await openAsBlob(file) }))
    await writer.upload(repository, await Promise.all(uploads), `Adding samples results for ${task} to ${modelName}`)
  }
}

async function pushCard(
  writer: RepositoryWriter,
  repository: string,
  { leaderboardUrl, pointOfContact }: HubLogArguments,
  { results, modelSource, modelName }: PushedRun,
  { env }: HubOptions,
): Promise<void> {
  const scores = results.get('results') as PyDict
  const card = metadataCard(await writer.list(repository), {
    repository,
    endpoint: hubSettings(env).endpoint,
    modelSource,
    modelName,
    results: dumpsJson(new Map<string, PyValue>([['all', scores], ...scores]), { indent: 4 }),
    leaderboardUrl,
    pointOfContact,
  })
  await writer.upload(
    repository,
    [{ path: 'README.md', content: new Blob([card]) }],
    'Upload README.md with huggingface_hub',
  )
}
