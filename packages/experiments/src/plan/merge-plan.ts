import { answeredModel } from '@saeval/eval-harness/internal/block-answers'
import { call, InputError, lines, type Said, Sentence, sentence } from '@saeval/hub'
import { ownerText } from '@saeval/hub/internal/claims/owner-text'
import { type PlanAnswers, PlanError } from '../plan-answers.js'
import { checkAsked, checkDevice, checkProgram, type Program } from './check-experiment.js'
import { checkInputs } from './input-files.js'
import type { Plan } from './plan-file.js'
import { openPlanFolder, type PlanFolder } from './plan-folder.js'
import { planStatus } from './plan-status.js'
import { withSteeringCheck } from './steering-check.js'

/**
 * The answers of a plan, for the command that it is of: it then asks its models nothing. All of them are read before anything is written. Throws
 * PlanError for a plan of which items are missing or damaged, naming them, and for one of other files, another version of saeval or other code of plug-ins.
 */
export async function planAnswers(folder: string, plan: Plan, program: Program): Promise<PlanAnswers> {
  checkProgram(plan, program)
  await checkInputs(plan.files)
  const opened = openPlanFolder(folder, plan)
  checkComplete(folder, plan)
  const hardware = checkParts(opened, plan)
  const known = new Set(plan.settings.map(({ fingerprint }) => fingerprint))
  const answering: PlanAnswers['answering'] = async (model) => {
    checkDevice(plan, model)
    const fingerprint = await model.fingerprint!()
    if (!known.has(fingerprint))
      throw new PlanError(
        sentence`the model or its edits are not those of the plan ${folder}: weights, an SAE or an argument is another`,
      )
    let check: unknown
    const answered = answeredModel(model, (block) => {
      const requests = plan.blocks.find(({ id }) => id === block)?.requests
      if (requests === undefined)
        throw new PlanError(
          sentence`the plan ${folder} has no answers to what is asked now: tasks or prompts are others`,
        )
      const content = opened.readPart(opened.partOf(fingerprint, block), requests)
      if ('error' in content) throw new InputError(new Sentence(content.error))
      check ??= content.check
      return content
    })
    return withSteeringCheck(answered, () => check)
  }
  return {
    findings: opened.findings,
    hardware,
    answering,
    checkAsked: (prepared, run) => checkAsked(plan, prepared, run),
  }
}

const mostNamed = 20

function named(all: readonly Said[]): Sentence {
  const rest = all.length - mostNamed
  return lines([...all.slice(0, mostNamed), ...(rest > 0 ? [`and ${rest} more`] : [])])
}

function checkComplete(folder: string, plan: Plan): void {
  const missing = planStatus(folder, plan).filter(({ state }) => state !== 'done')
  if (missing.length === 0) return
  const words = missing.map(({ item, state, claim, failure }): Sentence => {
    if (state === 'failed') return sentence`item ${item} has failed on ${failure!.host}: ${failure!.error}`
    return sentence`item ${item} is ${state}${claim === null ? '' : ` (${ownerText(claim)})`}`
  })
  throw new PlanError(
    sentence`${missing.length} of ${plan.items.length} items are not done, ${call('work')} ${folder} does them:\n${named(words)}`,
  )
}

/** Gives what has computed the answers. Throws PlanError where some are damaged, naming all files. */
function checkParts({ partsOf, readPart }: PlanFolder, plan: Plan): string[] {
  const damaged: Said[] = []
  const hardware = new Set<string>()
  for (const item of plan.items)
    for (const { part, block } of partsOf(item)) {
      try {
        const content = readPart(part, plan.blocks[block]!.requests)
        if ('answers' in content && content.hardware !== undefined) hardware.add(content.hardware)
      } catch (cause) {
        if (!(cause instanceof PlanError)) throw cause
        damaged.push(cause.sentence)
      }
    }
  if (damaged.length > 0) throw new PlanError(named(damaged))
  return [...hardware].sort()
}
