import type { ChatTemplate, ModelInfo } from '@saeval/language-model'
import { fromPlain, type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import type { Evaluation } from './collect-results.js'
import { modelName, sanitizeModelName } from './names.js'
import { sha256, taskHash } from './sample-lines.js'

/** What results.json says about a run beyond the tasks; flags as typed. */
export interface RunFacts {
  /** --model */
  readonly model: string
  readonly modelArgs: PyDict
  readonly info: ModelInfo
  readonly batchSize: string
  readonly device: string | null
  readonly limit: number | null
  /** --use_cache */
  readonly useCache?: string | null
  /** --gen_kwargs */
  readonly genKwargs?: PyDict | null
  readonly bootstrapIterations: number
  readonly seeds: {
    readonly random: number | null
    readonly numpy: number | null
    readonly torch: number | null
    readonly fewshot: number | null
  }
  readonly systemInstruction: string | null
  readonly chatTemplate: ChatTemplate | null
  /** null without a chat template. */
  readonly fewshotAsMultiturn: boolean | null
  /** Whether sample lines are written; task_hashes stand only beside them. */
  readonly logSamples: boolean
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly seconds: number
  /** Commit of the repository around the working directory, and of that above it; null by default. */
  readonly gitHash?: string | null
  readonly upperGitHash?: string | null
  /** Program and version, in place of the versions of the Python libraries. */
  readonly environment: string
}

/** The whole results.json: lm_eval's keys in its order, then `saeval` with what only this program records. */
export function resultsFile({ results, samples }: Evaluation, run: RunFacts): PyDict {
  const { info } = run
  const name = modelName(run.modelArgs)
  const token = (pair: readonly [string, number] | null) => (pair === null ? null : [pair[0], String(pair[1])])
  const config: [string, PyValue][] = [
    ['model', run.model],
    ['model_args', run.modelArgs],
    ['model_num_parameters', info.numParameters],
    ['model_dtype', info.dtype],
    ['model_revision', info.revision],
    ['model_sha', info.sha],
    ['batch_size', run.batchSize],
    ['batch_sizes', [...info.batchSizes]],
    ['device', run.device],
    ['use_cache', run.useCache ?? null],
    ['limit', run.limit === null ? null : new PyFloat(run.limit)],
    ['bootstrap_iters', run.bootstrapIterations],
    ['gen_kwargs', run.genKwargs ?? new Map()],
    ['random_seed', run.seeds.random],
    ['numpy_seed', run.seeds.numpy],
    ['torch_seed', run.seeds.torch],
    ['fewshot_seed', run.seeds.fewshot],
  ]
  const hash = (text: string | null) => (text === null || text === '' ? null : sha256(text))
  const template = run.chatTemplate?.source ?? null
  return new Map<string, PyValue>([
    ...results,
    ['config', new Map(config)],
    ['git_hash', run.gitHash ?? null],
    ['date', new PyFloat(run.startedAt / 1000)],
    ['pretty_env_info', run.environment],
    // what lm_eval writes where it is not installed
    ['transformers_version', 'N/A'],
    ['lm_eval_version', null],
    ['upper_git_hash', run.upperGitHash ?? null],
    ['tokenizer_pad_token', token(info.padToken)],
    ['tokenizer_eos_token', token(info.eosToken)],
    ['tokenizer_bos_token', token(info.bosToken)],
    ['eot_token_id', info.eotTokenId],
    ['max_length', info.maxLength],
    ['task_hashes', new Map(run.logSamples ? [...samples].map(([task, lines]) => [task, taskHash(lines)]) : [])],
    ['model_source', run.model],
    ['model_name', name],
    ['model_name_sanitized', sanitizeModelName(name)],
    ['system_instruction', run.systemInstruction],
    ['system_instruction_sha', hash(run.systemInstruction)],
    ['fewshot_as_multiturn', run.fewshotAsMultiturn],
    ['chat_template', template],
    ['chat_template_sha', hash(template)],
    ['total_evaluation_time_seconds', String(run.seconds)],
    ['saeval', fromPlain(info.provenance)],
  ])
}
