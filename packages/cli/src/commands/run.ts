import {
  builtInTasks,
  defaultBootstrapIterations,
  type Evaluation,
  evaluate,
  fromPlain,
  getModelFactory,
  indexTasks,
  type LanguageModel,
  loadTasks,
  type ModelArguments,
  modelName,
  prepareOutput,
  pyRepr,
  resultsFile,
  resultsTable,
  taskFunctions,
  toPlain,
  writeResults,
} from '@saeval/eval-harness'
import { progressLine } from '../progress.js'
import { version } from '../version.js'
import type { RunOptions } from './run-options.js'

/** Where a command writes, and what stops it. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly signal: AbortSignal
}

/** `saeval run`: evaluates a model on tasks, prints the tables, writes the files. What is cheap to check is checked first. */
export async function run(options: RunOptions, { stdout, stderr, signal }: Surroundings): Promise<void> {
  const startedAt = Date.now()
  const factory = getModelFactory(options.model)
  const includePaths = options.include_path === null ? [] : [options.include_path]
  const tasks = loadTasks(indexTasks(includePaths), options.tasks, {
    numFewshot: options.num_fewshot,
    metadata: options.model_args,
  })
  const output =
    options.output_path === null ? null : await prepareOutput(options.output_path, modelName(options.model_args))
  const progress = progressLine(stderr)
  const hub = { signal, onProgress: progress.download }
  const model = await factory(modelArguments(options), {
    batchSize: options.batch_size,
    device: options.device,
    notice: (line) => {
      progress.clear()
      stderr.write(`${line}\n`)
    },
    hub,
  })
  const functions = taskFunctions([builtInTasks, ...includePaths])
  try {
    const evaluation = await evaluate({
      model,
      tasks,
      functions,
      limit: options.limit,
      samples: options.samples,
      systemInstruction: options.system_instruction,
      applyChatTemplate: options.apply_chat_template,
      fewshotAsMultiturn: options.fewshot_as_multiturn ?? true,
      fewshotSeed: options.seed.fewshot ?? Date.now(),
      hub,
      onProgress: progress.update,
      onBootstrap: (name) => {
        // lm_eval's line on standard output, so that outputs compare
        progress.clear()
        stdout.write(`bootstrapping for stddev: ${name}\n`)
      },
      signal,
    })
    progress.clear()
    const { truncatedRequests = 0, maxLength } = model.info
    if (truncatedRequests > 0)
      stderr.write(
        `${truncatedRequests} requests were longer than ${maxLength} tokens; their beginnings were cut, as lm_eval does\n`,
      )
    const { tokens } = model.info
    if (tokens !== undefined && tokens.requested > 0)
      stderr.write(
        `computed ${tokens.computed} tokens for requests of ${tokens.requested} in all: beginnings that requests share are computed once\n`,
      )
    const files =
      output === null
        ? []
        : await writeResults(
            output,
            resultsOf(options, model, evaluation, startedAt),
            options.log_samples ? evaluation.samples : new Map(),
          )
    for (const line of model.info.edits ?? []) stdout.write(`${line}\n`)
    stdout.write(`${summary(options, model)}\n`)
    stdout.write(`${resultsTable(evaluation.results)}\n`)
    if (evaluation.results.has('groups')) stdout.write(`${resultsTable(evaluation.results, 'groups')}\n`)
    if (files.length > 0) stderr.write(`results: ${files[0]}\n`)
  } finally {
    progress.clear()
    await functions.close()
    await model.close()
  }
}

function modelArguments(options: RunOptions): ModelArguments {
  const given = toPlain(options.model_args) as ModelArguments
  return options.allow_inert_rows ? { ...given, allow_inert_rows: true } : given
}

function resultsOf(options: RunOptions, model: LanguageModel, evaluation: Evaluation, startedAt: number) {
  const provenance = {
    version,
    truncated_requests: model.info.truncatedRequests ?? 0,
    ...(model.info.tokens === undefined ? {} : { tokens: model.info.tokens }),
    ...model.info.provenance,
  }
  return resultsFile(evaluation, {
    model: options.model,
    modelArgs: options.model_args,
    info: { ...model.info, provenance },
    batchSize: options.batch_size,
    device: options.device,
    limit: options.limit,
    bootstrapIterations: defaultBootstrapIterations,
    seeds: options.seed,
    systemInstruction: options.system_instruction,
    chatTemplate: options.apply_chat_template ? model.chatTemplate : null,
    fewshotAsMultiturn: options.apply_chat_template ? (options.fewshot_as_multiturn ?? true) : null,
    logSamples: options.log_samples,
    startedAt,
    seconds: (Date.now() - startedAt) / 1000,
    environment: `saeval ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
  })
}

/** lm_eval's line above the tables. */
function summary(
  { model, model_args: args, limit, num_fewshot: shots, batch_size: batch }: RunOptions,
  { info }: LanguageModel,
): string {
  const limitText = limit === null ? 'None' : pyRepr(fromPlain(limit)).replace(/^(\d+)$/, '$1.0')
  const sizes = info.batchSizes.length > 0 ? ` (${info.batchSizes.join(',')})` : ''
  return `${model} (${pyRepr(args)}), gen_kwargs: ({}), limit: ${limitText}, num_fewshot: ${shots ?? 'None'}, batch_size: ${batch}${sizes}`
}
