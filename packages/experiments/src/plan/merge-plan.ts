import { answeredModel } from '@saeval/eval-harness/internal/block-answers'
import { call, InputError, lines, Sentence, sentence } from '@saeval/hub'
import { ownerText } from '@saeval/hub/internal/claims/owner-text'
import type { LanguageModel } from '@saeval/language-model'
import { checkDevice } from './check-experiment.js'
import { checkInputs } from './input-files.js'
import type { Plan } from './plan-file.js'
import { openPlanFolder } from './plan-folder.js'
import { planStatus } from './plan-status.js'
import { withSteeringCheck } from './steering-check.js'

/**
 * What stands between the models of a plan's command and the harness, so that the command takes all answers from the plan and asks its models
 * nothing. Throws InputError for a plan of which items are missing, naming them, and for one of another version of saeval.
 */
export async function planAnswers(
  folder: string,
  plan: Plan,
  saeval: string,
): Promise<(model: LanguageModel) => Promise<LanguageModel>> {
  if (plan.saeval !== saeval)
    throw new InputError(`the plan was made by saeval ${plan.saeval}, this is ${saeval}; merge it with that version`)
  await checkInputs(plan.files)
  checkComplete(folder, plan)
  const { partOf, hasPart, readPart } = openPlanFolder(folder, plan)
  const known = new Set(plan.settings.map(({ fingerprint }) => fingerprint))
  return async (model) => {
    checkDevice(plan, model)
    const fingerprint = await model.fingerprint!()
    if (!known.has(fingerprint))
      throw new InputError(
        sentence`the model or its edits are not those of the plan ${folder}: weights, an SAE or an argument is another`,
      )
    let check: unknown
    const answered = answeredModel(model, (block) => {
      const part = partOf(fingerprint, block)
      if (!hasPart(part))
        throw new InputError(
          sentence`the plan ${folder} has no answers to what is asked now: tasks or prompts are others`,
        )
      const content = readPart(part)
      if ('error' in content) throw new InputError(new Sentence(content.error))
      check ??= content.check
      return content
    })
    return withSteeringCheck(answered, () => check)
  }
}

const mostNamed = 20

function checkComplete(folder: string, plan: Plan): void {
  const missing = planStatus(folder, plan).filter(({ state }) => state !== 'done')
  if (missing.length === 0) return
  const named = missing.slice(0, mostNamed).map(({ item, state, claim, failure }): Sentence => {
    if (state === 'failed') return sentence`item ${item} has failed on ${failure!.host}: ${failure!.error}`
    return sentence`item ${item} is ${state}${claim === null ? '' : ` (${ownerText(claim)})`}`
  })
  const rest = missing.length - named.length
  throw new InputError(
    sentence`${missing.length} of ${plan.items.length} items are not done, ${call('work')} ${folder} does them:\n${lines([...named, ...(rest > 0 ? [`and ${rest} more`] : [])])}`,
  )
}
