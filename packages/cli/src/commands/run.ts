import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  cachedModel,
  checkTasks,
  describePrompts,
  type Evaluation,
  evaluatePrepared,
  indexTasks,
  type KindProgress,
  loadTasks,
  type OutputPlace,
  openStore,
  type PreparedTask,
  prepareEvaluation,
  prepareOutput,
  type RequestCache,
  removeStore,
  resultsTable,
  writeResults,
} from '@saeval/eval-harness'
import { planTasks } from '@saeval/eval-harness/internal/ask-model'
import { findFunctionsAhead } from '@saeval/eval-harness/internal/find-functions-ahead'
import { modelName } from '@saeval/eval-harness/internal/results/names'
import { leaves } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import { checkActed, type PlanAnswers, resultsOf, truncationLine } from '@saeval/experiments'
import { plainArguments } from '@saeval/experiments/internal/plain-arguments'
import { InputError } from '@saeval/hub'
import { homeFolder } from '@saeval/hub/internal/home-folder'
import { getModelFactory, type LanguageModel, type ModelArguments } from '@saeval/language-model'
import { dumpsJson, fromPlain, type PyDict, pyRepr, taskFunctions } from '@saeval/python'
import { openHubLog } from '../hub-log/hub-log.js'
import { hubLogArguments } from '../hub-log/hub-log-arguments.js'
import { deviceOf } from '../options/device-options.js'
import { withoutSecrets } from '../options/without-secrets.js'
import type { Output } from '../output.js'
import { loadedPlugins } from '../plugins/load-plugins.js'
import { announcementLines, isLong } from '../terminal/announcement.js'
import { askingProgress } from '../terminal/asking-status.js'
import { expectedTime } from '../terminal/expected-time.js'
import { openTerminal, type Terminal } from '../terminal/terminal.js'
import { version } from '../version.js'
import type { RunOptions } from './run-options.js'

/** Where a command writes, and what stops it. */
export interface Surroundings {
  readonly stdout: Output
  readonly stderr: Output
  readonly signal: AbortSignal
}

/**
 * `saeval run`: evaluates a model on tasks, prints the tables, writes the files. What is cheap to check is checked first. `command` is the
 * command line, for the record; `merging` is the plan whose answers are taken.
 */
export async function run(
  given: RunOptions,
  command: string,
  surroundings: Surroundings,
  merging?: PlanAnswers,
): Promise<void> {
  // only the model is given what nobody may see
  const options = { ...given, model_args: withoutSecrets(given.model_args) }
  const { stdout, stderr, signal } = surroundings
  const startedAt = Date.now()
  const factory = getModelFactory(options.model)
  const metadata = new Map([...options.model_args, ...options.metadata])
  const tasks = loadTasks(indexTasks(options.include_path), options.tasks, {
    numFewshot: options.num_fewshot,
    metadata,
    genKwargs: options.gen_kwargs,
    predictOnly: options.predict_only,
  })
  const output =
    options.output_path === null || options.dry_run
      ? null
      : prepareOutput(options.output_path, modelName(options.model_args))
  const terminal = openTerminal(stderr, options)
  const progress = askingProgress(terminal)
  const say = (stream: Output, line: string) => {
    terminal.clear()
    stream.write(`${line}\n`)
  }
  const hub = { signal, onProgress: terminal.download, onNotice: terminal.warn }
  const functions = taskFunctions([builtInTasks, ...options.include_path], {
    signal,
    onSlow: terminal.info,
    unsafe: options.confirm_run_unsafe_code,
  })
  const hubLog =
    options.hf_hub_log_args === null || options.dry_run
      ? null
      : await openHubLog(hubLogArguments(options.hf_hub_log_args, options), hub)
  const answers =
    options.use_cache === null || (options.dry_run && !existsSync(options.use_cache))
      ? null
      : openStore(options.use_cache, 'useCache', terminal.notice)
  const requests = options.dry_run ? null : openRequestCache(options, terminal)
  let model: LanguageModel | null = null
  let isWritten = false
  try {
    if (options.check_integrity) {
      const report = await checkTasks(leaves(tasks), { functions, hub, whole: true, onChecked: () => {} })
      for (const line of report.warnings) say(stderr, line)
      if (report.problems.length > 0) throw new InputError(`--check_integrity: ${report.problems.join('\n')}`)
    }
    findFunctionsAhead(tasks, functions)
    model = await factory(modelArguments(given), {
      batchSize: options.batch_size,
      maxBatchSize: options.max_batch_size,
      ...deviceOf(options),
      notice: terminal.notice,
      withoutDownload: options.dry_run,
      // with kept answers it computes none
      standIn: merging !== undefined,
      ...(merging && { measured: merging.findings.measured }),
      hub,
    })
    if (answers !== null) model = await cachedModel(model, answers)
    if (merging !== undefined) model = await merging.answering(model)
    const evaluating = {
      model,
      tasks,
      limit: options.limit,
      samples: options.samples,
      systemInstruction: options.system_instruction,
      applyChatTemplate: options.apply_chat_template,
      fewshotAsMultiturn: options.fewshot_as_multiturn ?? true,
      fewshotSeed: options.seed.fewshot ?? Date.now(),
      generationSeed: options.seed.torch ?? Date.now(),
      confirmUnsafeCode: options.confirm_run_unsafe_code,
      functions,
      hub,
      ...(requests === null ? {} : { requestCache: requests }),
      onProgress: progress.update,
      onPrepared: async (task: PreparedTask) => {
        progress.prepared(task)
        if (options.write_out) say(stderr, await describePrompts(task, 1))
        // the check has said them
        if (!options.check_integrity) for (const line of task.warnings) terminal.warn(line)
      },
      // lm_eval's line on standard output, so that outputs compare
      onBootstrap: (name: string) => say(stdout, `bootstrapping for stddev: ${name}`),
      onPlanned: (kinds: readonly KindProgress[]) => {
        if (isLong(kinds, model!))
          for (const line of announcementLines({ ...model!.info, model: name, kinds, time: null })) terminal.info(line)
      },
      signal,
    }
    const name = modelName(options.model_args)
    const prepared = await prepareEvaluation(evaluating)
    merging?.checkAsked(prepared, options)
    if (options.dry_run) {
      const kinds = await planTasks(model, prepared.tasks)
      const time = await expectedTime(model, prepared.tasks, kinds, { signal })
      terminal.clear()
      for (const line of announcementLines({ ...model.info, model: name, kinds, time })) stdout.write(`${line}\n`)
      return
    }
    const evaluation = await evaluatePrepared(prepared, evaluating)
    terminal.clear()
    const finished = await finish(options, surroundings, { terminal, model, evaluation, output, startedAt, command })
    isWritten = finished.files.length > 0
    if (hubLog !== null) {
      const run = { tasks: [...evaluation.samples.keys()], modelSource: options.model, ...finished }
      const names = await hubLog.push({ ...run, modelName: name })
      terminal.info(`pushed to the Hugging Face Hub: ${names.join(', ')}`)
    }
  } catch (error) {
    if (signal.aborted) say(stderr, isWritten ? 'the results are written' : 'no results were written')
    throw error
  } finally {
    terminal.clear()
    await functions.close()
    await model?.close()
    await answers?.close()
    await requests?.store.close()
  }
}

/** --cache_requests: the store of prompts, emptied where that is asked for; null without it. */
function openRequestCache({ cache_requests: wanted }: RunOptions, { notice }: Terminal): RequestCache | null {
  if (wanted === 'delete') removeStore(requestCacheFolder())
  if (wanted === null || wanted === 'delete') return null
  return { store: openStore(requestCacheFolder(), 'cacheRequests', notice), refresh: wanted === 'refresh' }
}

/** LM_HARNESS_CACHE_PATH, which lm_eval keeps its prompts under too, or the user's folder for caches. */
function requestCacheFolder(): string {
  const own = process.env.LM_HARNESS_CACHE_PATH
  return join(
    own ? own : (process.env.XDG_CACHE_HOME ?? join(homeFolder('LM_HARNESS_CACHE_PATH'), '.cache')),
    'saeval',
    'requests',
  )
}

interface Finished {
  readonly terminal: Terminal
  readonly model: LanguageModel
  readonly evaluation: Evaluation
  readonly output: OutputPlace | null
  readonly startedAt: number
  readonly command: string
}

/** Writes the files and prints what lm_eval prints; gives what it has written. */
async function finish(
  options: RunOptions,
  { stdout }: Surroundings,
  { terminal, model, evaluation, output, startedAt, command }: Finished,
): Promise<{ readonly files: readonly string[]; readonly results: PyDict }> {
  const cut = truncationLine(model)
  if (cut !== null) terminal.warn(cut)
  const counted = model.report?.() ?? {}
  const { tokens, keptAnswers = 0 } = counted
  const kept = keptAnswers === 0 ? '' : `, ${keptAnswers} answers were kept from before`
  if (tokens !== undefined && tokens.requested > 0)
    terminal.info(
      `computed ${tokens.computed} tokens for requests of ${tokens.requested} in all${tokens.computed < tokens.requested ? ': beginnings that requests share are computed once' : ''}${kept}`,
    )
  checkActed(counted)
  const results = resultsOf(options, model, evaluation, {
    startedAt,
    command,
    saeval: version,
    plugins: loadedPlugins(),
  })
  const files =
    output === null ? [] : writeResults(output, results, options.log_samples ? evaluation.samples : new Map())
  if (options.show_config) stdout.write(`${dumpsJson(results, { indent: 2, ensureAscii: false })}\n`)
  for (const line of model.info.edits ?? []) stdout.write(`${line}\n`)
  stdout.write(`${summary(options, model)}\n`)
  stdout.write(`${resultsTable(evaluation.results)}\n`)
  if (evaluation.results.has('groups')) stdout.write(`${resultsTable(evaluation.results, 'groups')}\n`)
  for (const line of counted.notes ?? []) terminal.info(line)
  if (files.length > 0) terminal.info(`results: ${files[0]}`)
  return { files, results }
}

function modelArguments(options: RunOptions): ModelArguments {
  const given = plainArguments(options.model_args)
  return options.allow_inert_rows ? { ...given, allow_inert_rows: true } : given
}

/** lm_eval's line above the tables. */
function summary(
  { model, model_args: args, gen_kwargs: kwargs, limit, num_fewshot: shots, batch_size: batch }: RunOptions,
  { info }: LanguageModel,
): string {
  const limitText = limit === null ? 'None' : pyRepr(fromPlain(limit)).replace(/^(\d+)$/, '$1.0')
  const sizes = info.batchSizes.length > 0 ? ` (${info.batchSizes.join(',')})` : ''
  return `${model} (${pyRepr(args)}), gen_kwargs: (${pyRepr(kwargs ?? new Map())}), limit: ${limitText}, num_fewshot: ${shots ?? 'None'}, batch_size: ${batch}${sizes}`
}
