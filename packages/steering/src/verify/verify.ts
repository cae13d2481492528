import type { HubOptions, Notice } from '@saeval/hub'
import { type DeviceChoice, deviceChoice, type ModelArguments } from '@saeval/language-model'
import { openSteering } from '../models/open-steering.js'
import { batchIsSingle, besideIsAlone, cacheIsScoring, sharedLayers, sharedPrefixes, zeroIsPlain } from './agreement.js'
import { type Check, type CheckResult, measuredOnly, runCheck } from './check.js'
import { type DeviceSubject, inOther, inOtherModel, steeredIsCpu, tokensAreCpu, unsteeredIsCpu } from './device.js'
import { allRowsFollowFormula, rowsFollowFormula, scoresFollowFormula } from './formula.js'
import { type Subject, subjectOf } from './subject.js'

export interface VerifyOptions extends DeviceChoice {
  /** sae_steered_beta (default) or steered. */
  readonly model?: string
  /** Those of the model: base_name, csv_path, semantics, …; or pretrained, steer_path, … */
  readonly modelArgs: ModelArguments
  /** What the edits are tried on; a paragraph of saeval's own by default. */
  readonly text?: string
  readonly hub?: HubOptions
  readonly onNotice?: Notice
  /** Called with each check's result as it comes. */
  readonly onCheck?: (result: CheckResult) => void
}

/** What `verify` found. */
export interface Verification {
  /** Whether no check failed. */
  readonly passed: boolean
  /** One line for each edit; of many the first. */
  readonly edits: readonly string[]
  readonly text: string
  /** Tokens of the text. */
  readonly tokens: number
  /** The device that computed: "cuda:0"; null of a backend that does not say. */
  readonly device: string | null
  readonly checks: readonly CheckResult[]
}

/**
 * Checks on a model, a file of edits and a device that steering is real: edits do what their formulas say, reach the output, and do so whatever is batched,
 * cached or shared; and on a device other than the CPU that it computes what the CPU computes, with the same model there. Throws InputError for arguments, files and texts that are wrong by themselves; a row that changes nothing fails a check.
 */
export async function verify({
  model = 'sae_steered_beta',
  modelArgs,
  text,
  ...options
}: VerifyOptions): Promise<Verification> {
  const open = (choice: DeviceChoice, notice: Notice, args = modelArgs) =>
    openSteering(model, args, { batchSize: 'auto', ...deviceChoice(choice), notice, hub: options.hub ?? {} })
  const opened = await open(options, options.onNotice ?? (() => {}))
  const { steering, base } = opened
  const closing = new Set([opened])
  const close = async (one: typeof opened) => {
    if (!closing.delete(one)) return
    await one.base.close()
    await one.steering.close()
  }
  const { compute = 'float32', ...inFloat32 } = modelArgs
  try {
    const { lines, trial } = await steering.lower(base)
    const subject = subjectOf(base, trial, text ?? null)
    const checks = await verifySteering({ ...subject, computedIn: String(compute) }, options.onCheck)
    const computedOn = base.info.device ?? null
    if (computedOn !== null && computedOn !== 'cpu') {
      // what there is to say about the model has been said; the CPU computes in float32
      const reference = await open({ device: 'cpu' }, () => {}, inFloat32)
      closing.add(reference)
      const onDevice = { ...subject, cpu: reference.base, computedIn: String(compute) }
      checks.push(...(await verifyDevice(onDevice, options.onCheck)))
      // what a faster arithmetic would change, where the device has one and it was not asked for
      for (const other of computedOn.startsWith('cuda') && compute === 'float32' ? ['tf32', 'bfloat16'] : []) {
        // the device may have no room for two models
        await close(opened)
        const opening = () => open(options, () => {}, { ...modelArgs, compute: other })
        checks.push(...(await runAll([inOtherModel(other, opening)], onDevice, options.onCheck)))
      }
    }
    return {
      passed: checks.every(({ outcome }) => outcome !== 'failed'),
      edits: lines,
      text: subject.text,
      tokens: subject.ids.length,
      device: computedOn,
      checks,
    }
  } finally {
    for (const one of closing) await close(one)
  }
}

const checks: readonly Check<Subject>[] = [
  zeroIsPlain,
  rowsFollowFormula,
  allRowsFollowFormula,
  scoresFollowFormula,
  batchIsSingle,
  sharedPrefixes,
  cacheIsScoring,
  sharedLayers,
  besideIsAlone,
]

const deviceChecks: readonly Check<DeviceSubject>[] = [unsteeredIsCpu, steeredIsCpu, tokensAreCpu]

/** Runs all checks on an open model; where it computes in another arithmetic than float32 they only measure. */
export function verifySteering(
  subject: Subject & { readonly computedIn?: string },
  onCheck: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const { computedIn = 'float32' } = subject
  return runAll(computedIn === 'float32' ? checks : checks.map(measuredOnly), subject, onCheck)
}

/** Compares an open model with the same model on the CPU. */
export function verifyDevice(
  subject: DeviceSubject & { readonly computedIn?: string },
  onCheck: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const { computedIn = 'float32' } = subject
  return runAll(computedIn === 'float32' ? deviceChecks : [inOther(computedIn)], subject, onCheck)
}

async function runAll<Checked>(
  checks: readonly Check<Checked>[],
  subject: Checked,
  onCheck: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of checks) {
    const result = await runCheck(check, subject)
    results.push(result)
    onCheck(result)
  }
  return results
}
