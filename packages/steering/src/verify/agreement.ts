import {
  answerAll,
  type GeneratedTokens,
  type LoglikelihoodResult,
  plainSettings,
  type SteerableModel,
} from '@saeval/language-model'
import { type Intervention, readPoint } from '@saeval/sae-core'
import { readsOf } from '../effects/edit-effects.js'
import { allowed, type Check, distance, largest } from './check.js'
import { newTokens, requestsOf, type Subject, settingsOf } from './subject.js'
import { greedyTexts, lessLikely } from './texts.js'

// rows of one batch
const rowsPerBatch = 32

/** Rows that add, with coefficient 0, leave the model as it is. */
export const zeroIsPlain: Check<Subject> = {
  name: 'adding with coefficient 0 is the unsteered model',
  allowed: allowed.order,
  run: async ({ base, trial, ids, promptLength }) => {
    if (trial.without.length > 0)
      return { notApplicable: 'semantics pr2641 puts the SAE into the stream whatever the coefficient' }
    if (trial.zero.length === 0) return { notApplicable: 'no row adds' }
    const row = { ids, predictions: ids.slice(1).map((token, position) => ({ position, token })), promptLength }
    const [[zero], [plain]] = [await base.steer(trial.zero).scoreTokens([row]), await base.steer([]).scoreTokens([row])]
    return {
      deviations: [
        { what: 'the log-probabilities of the text differ', deviation: distance(zero!.logprobs, plain!.logprobs) },
      ],
    }
  },
}

/** Rows of a batch with settings of their own are computed as if they were alone. */
export const batchIsSingle: Check<Subject> = {
  name: 'different settings in one batch are each one alone',
  allowed: allowed.order,
  run: async ({ base, trial, ids }) => {
    const settings = [{ name: 'the unsteered model', setting: [] }, ...(await settingsOf(trial))]
    const model = base.steer([])
    const deviations = []
    for (let start = 0; start < settings.length; start += rowsPerBatch) {
      const part = settings.slice(start, start + rowsPerBatch)
      const batch = await model.lastLogits(
        ids,
        part.map(({ setting }) => setting),
      )
      for (const [index, { name, setting }] of part.entries()) {
        const [alone] = await model.lastLogits(ids, [setting])
        deviations.push({ what: `${name}: logits differ`, deviation: distance(batch[index]!, alone!) })
      }
    }
    return { deviations }
  },
}

/** Requests at once, whose shared beginnings are computed once, are scored as one at a time. */
export const sharedPrefixes: Check<Subject> = {
  name: 'requests with shared beginnings are each one alone',
  allowed: allowed.order,
  run: async ({ base, trial, text }) => {
    const { requests } = requestsOf(text)
    const together = await answerAll(base.steer(trial.together), requests)
    const alone: LoglikelihoodResult[] = []
    for (const request of requests) alone.push((await answerAll(base.steer(trial.together), [request]))[0]!)
    return {
      deviations: requests.map((request, index) => ({
        what: `the log-likelihood of ${JSON.stringify(request.continuation)} differs`,
        deviation: perToken(base, request, together[index]!.logprob - alone[index]!.logprob),
      })),
    }
  },
}

/** Tokens that are generated greedily with the KV cache are the most likely ones when the whole text is scored. */
export const cacheIsScoring: Check<Subject> = {
  name: 'greedy generation with the cache takes the tokens that scoring finds most likely',
  allowed: allowed.order,
  run: async ({ base, trial, text }) => {
    const steered = base.steer(trial.together)
    const greedy = {
      type: 'generate_until' as const,
      until: [],
      maxGenToks: newTokens,
      doSample: false,
      temperature: 0,
      settings: plainSettings,
    }
    // prompts of different lengths side by side
    const { contexts } = requestsOf(text)
    const written: GeneratedTokens[] = []
    await answerAll(
      steered,
      contexts.map((context) => ({ ...greedy, context })),
      {
        onTokens: (generated) => {
          written[generated.request] = generated
        },
      },
    )
    if (written.length === 0) return { notApplicable: 'this backend does not tell the tokens that it writes' }
    const deviations = []
    for (const { request, promptIds, newIds } of written) {
      const promptLength = promptIds.length
      const ids = [...promptIds, ...newIds.slice(0, -1)]
      const predictions = newIds.map((token, index) => ({ position: promptLength - 1 + index, token }))
      const [scored] = await steered.scoreTokens([{ ids, predictions, promptLength }])
      let behind = 0
      if (!scored!.greedy.every(Boolean)) {
        // without logits there is no distance, and a token behind another one is a failure
        if (steered.runWithHooks === undefined)
          return { deviations: [], problems: [`a token after prompt ${request + 1} is not the most likely one`] }
        const { logits } = await steered.runWithHooks(ids, {}, { promptLength })
        behind = largest(
          predictions.map(({ position, token }) => highest(logits[position]!) - logits[position]![token]!),
        )
      }
      deviations.push({ what: `a token after prompt ${request + 1} is behind the most likely one`, deviation: behind })
    }
    return { deviations }
  },
}

/** Layers below the edits that settings share give what they give without sharing, the first time and again. */
export const sharedLayers: Check<Subject> = {
  name: 'sharing the layers below the edits changes nothing',
  allowed: allowed.order,
  run: async ({ base, trial, text }) => {
    const first = base.hookPoints[0]!
    const begins = (edit: Intervention) => readsOf(edit).some((name) => readPoint(name).hookPoint === first)
    if (trial.together.some((edit) => edit.hookPoint === first || begins(edit)))
      return { notApplicable: `the edits begin at ${first}; there is nothing below` }
    if (base.shareBelow === undefined) return { notApplicable: 'this backend shares no layers' }
    const { requests } = requestsOf(text)
    const shared = base.shareBelow([trial.together])
    const deviations = []
    for (const [name, setting] of [
      ['steered', trial.together],
      ['unsteered', []],
      ['steered once more', trial.together],
    ] as const) {
      const expected = await answerAll(base.steer(setting), requests)
      const actual = await answerAll(shared.steer(setting), requests)
      deviations.push({
        what: `${name}: log-likelihoods differ`,
        deviation: largest(
          requests.map((request, index) => perToken(base, request, actual[index]!.logprob - expected[index]!.logprob)),
        ),
      })
    }
    await shared.close()
    return { deviations }
  },
}

/** Settings that are written beside each other write what each writes alone. */
export const besideIsAlone: Check<Subject> = {
  name: 'texts that settings write side by side are those of each alone, or as likely',
  allowed: allowed.order,
  run: async ({ base, trial, text }) => {
    if (base.writeBeside === undefined) return { notApplicable: 'this backend writes texts of one setting at a time' }
    const settings = [{ name: 'the unsteered model', setting: [] }, ...(await settingsOf(trial))].slice(0, rowsPerBatch)
    const beside = base.writeBeside(settings.map(({ setting }) => setting))
    const deviations = []
    for (const { name, setting } of settings) {
      const alone = base.steer(setting)
      const [expected, actual] = [await greedyTexts(alone, text), await greedyTexts(beside.steer(setting), text)]
      if (expected === null || actual === null)
        return { notApplicable: 'this backend does not tell the tokens that it writes' }
      for (const [at, { promptIds, newIds }] of expected.entries())
        deviations.push({
          what: `${name}: a token after prompt ${at + 1} is less likely`,
          deviation: await lessLikely(alone, promptIds, newIds, actual[at]!.newIds),
        })
    }
    return { deviations }
  },
}

function highest(logits: Float32Array): number {
  return logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY)
}

function perToken(
  { tokenizer }: SteerableModel,
  { continuation }: { continuation: string },
  difference: number,
): number {
  return Math.abs(difference) / tokenizer.encode(continuation, { addSpecialTokens: false }).length
}
