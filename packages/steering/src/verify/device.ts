import { answerAll, type SteerableModel } from '@saeval/language-model'
import type { Intervention } from '@saeval/sae-core'
import { allowed, type Check, distance } from './check.js'
import { requestsOf, type Subject, settingsOf } from './subject.js'
import { greedyTexts, lessLikely } from './texts.js'

/** What is compared with the same model on the CPU. */
export interface DeviceSubject extends Subject {
  readonly cpu: SteerableModel
}

/** Log-probabilities of every token of the text, and of requests with shared beginnings. */
export const unsteeredIsCpu: Check<DeviceSubject> = {
  name: 'unsteered, log-probabilities are those of the CPU',
  allowed: allowed.device,
  run: async (subject) => ({ deviations: await scoreDeviations(subject, 'unsteered', []) }),
}

/** The same with each row alone, and with all rows together. */
export const steeredIsCpu: Check<DeviceSubject> = {
  name: 'steered, log-probabilities are those of the CPU',
  allowed: allowed.device,
  run: async (subject) => {
    const deviations = []
    for (const { name, setting } of await settingsOf(subject.trial))
      deviations.push(...(await scoreDeviations(subject, name, setting)))
    return { deviations }
  },
}

/** How far log-probabilities in another arithmetic than float32, unsteered and with all rows, are from those of the CPU: measured only. */
export function inOther(computedIn: string): Check<DeviceSubject> {
  return {
    name: `compute=${computedIn}: log-probabilities beside those of the CPU in float32`,
    allowed: null,
    run: async (subject) => ({
      deviations: [
        ...(await scoreDeviations(subject, 'unsteered', [])),
        ...(await scoreDeviations(subject, 'all rows', subject.trial.together)),
      ],
    }),
  }
}

/** The same with a model that is opened for it and closed again; where it cannot be opened, or gives no numbers, there is nothing to compare. */
export function inOtherModel(
  computedIn: string,
  open: () => Promise<{ readonly base: SteerableModel; readonly steering: { close(): Promise<void> } }>,
): Check<DeviceSubject> {
  const check = inOther(computedIn)
  return {
    ...check,
    run: async (subject) => {
      try {
        const opened = await open()
        try {
          return await check.run({ ...subject, base: opened.base })
        } finally {
          await opened.base.close()
          await opened.steering.close()
        }
      } catch (cause) {
        return { notApplicable: cause instanceof Error ? cause.message : String(cause) }
      }
    },
  }
}

/** Tokens that are generated greedily: at the first one that is another, by how much the CPU finds its own more likely. */
export const tokensAreCpu: Check<DeviceSubject> = {
  name: 'generated tokens are those of the CPU, or as likely',
  allowed: allowed.device,
  run: async ({ base, cpu, trial, text }) => {
    const deviations = []
    for (const [name, setting] of [
      ['unsteered', []],
      ['steered', trial.together],
    ] as const) {
      const [own, expected] = [
        await greedyTexts(base.steer(setting), text),
        await greedyTexts(cpu.steer(setting), text),
      ]
      if (own === null || expected === null)
        return { notApplicable: 'this backend does not tell the tokens that it writes' }
      for (const [at, { promptIds, newIds }] of expected.entries())
        deviations.push({
          what: `${name}: a token after prompt ${at + 1} is less likely on the CPU`,
          deviation: await lessLikely(cpu.steer(setting), promptIds, newIds, own[at]!.newIds),
        })
    }
    return { deviations }
  },
}

async function scoreDeviations(
  { base, cpu, ids, promptLength, text }: DeviceSubject,
  name: string,
  setting: readonly Intervention[],
) {
  const row = { ids, predictions: ids.slice(1).map((token, position) => ({ position, token })), promptLength }
  const { requests } = requestsOf(text)
  const scores = async (model: SteerableModel) => {
    const view = model.steer(setting)
    const [scored] = await view.scoreTokens([row])
    const answers = await answerAll(view, requests)
    const perToken = answers.map(
      ({ logprob }, at) =>
        logprob / model.tokenizer.encode(requests[at]!.continuation, { addSpecialTokens: false }).length,
    )
    return { text: scored!.logprobs, requests: perToken }
  }
  const [own, expected] = [await scores(base), await scores(cpu)]
  return [
    { what: `${name}: log-probabilities of the text differ`, deviation: distance(own.text, expected.text) },
    { what: `${name}: log-probabilities of requests differ`, deviation: distance(own.requests, expected.requests) },
  ]
}
