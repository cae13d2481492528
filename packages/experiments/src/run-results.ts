import { join } from 'node:path'
import { type Evaluation, resultsFile } from '@saeval/eval-harness'
import { defaultBootstrapIterations } from '@saeval/eval-harness/internal/evaluate'
import { SentenceError } from '@saeval/hub'
import type { LanguageModel, ModelReport } from '@saeval/language-model'
import type { PyDict } from '@saeval/python'
import { gitHash, headCommit } from './git-hash.js'
import { type PluginIdentity, pluginRecord } from './plugin-identity.js'
import type { RunSettings } from './run-settings.js'

/** What to say of requests that were too long; null where none was. */
export function truncationLine(model: LanguageModel): string | null {
  const { truncatedRequests = 0 } = model.report?.() ?? {}
  const { maxLength } = model.info
  if (truncatedRequests === 0) return null
  return `${truncatedRequests} requests did not fit into the model's ${maxLength} tokens; their beginnings were cut, as lm_eval does`
}

/** The share of the tokens of this run at which the row that acted most did; null where that is not counted. */
export function actedShare({ tokens, provenance = {} }: ModelReport): number | null {
  const { steering } = provenance as { steering?: { rows?: readonly { acted_tokens?: number | null }[] } }
  const counts = (steering?.rows ?? []).map(({ acted_tokens: count }) => count ?? null)
  const known = counts.filter((count) => count !== null)
  return known.length === 0 || !tokens?.computed ? null : Math.max(...known) / tokens.computed
}

/** Answers that are not those of the model that was asked for. */
export class UnsteeredError extends SentenceError {}

/** Throws UnsteeredError where the answers are not those of the model that was asked for. */
export function checkActed({ problem, tokens, keptAnswers = 0 }: ModelReport): void {
  const isAnswered = (tokens?.computed ?? 0) > 0 || keptAnswers > 0
  if (problem !== undefined && isAnswered) throw new UnsteeredError(problem)
}

/** What the results file of a run records beside its settings. */
export interface RunRecord {
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** The command line. */
  readonly command: string
  /** Version of the program. */
  readonly saeval: string
  readonly plugins: readonly PluginIdentity[]
}

/** The results file of a run. */
export function resultsOf(
  options: RunSettings,
  model: LanguageModel,
  evaluation: Evaluation,
  { startedAt, command, saeval, plugins }: RunRecord,
): PyDict {
  const { info } = model
  const counted = model.report?.() ?? {}
  const provenance = {
    version: saeval,
    command,
    ...pluginRecord(plugins),
    truncated_requests: counted.truncatedRequests ?? 0,
    ...(counted.tokens === undefined ? {} : { tokens: counted.tokens }),
    ...(counted.keptAnswers === undefined ? {} : { kept_answers: counted.keptAnswers }),
    ...info.provenance,
    ...counted.provenance,
  }
  return resultsFile(evaluation, {
    model: options.model,
    modelArgs: options.model_args,
    info: { ...info, provenance },
    batchSize: options.batch_size,
    device: options.device,
    limit: options.limit,
    useCache: options.use_cache,
    genKwargs: options.gen_kwargs,
    bootstrapIterations: defaultBootstrapIterations,
    seeds: options.seed,
    systemInstruction: options.system_instruction,
    chatTemplate: options.apply_chat_template ? model.chatTemplate : null,
    fewshotAsMultiturn: options.apply_chat_template ? (options.fewshot_as_multiturn ?? true) : null,
    logSamples: options.log_samples,
    startedAt,
    seconds: (Date.now() - startedAt) / 1000,
    gitHash: gitHash(process.cwd()),
    upperGitHash: headCommit(join(process.cwd(), '..')),
    environment: `saeval ${saeval}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
  })
}
