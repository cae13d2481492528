import { InputError } from '@saeval/hub'
import type { Activation, Hook, HookedRun } from '@saeval/language-model'
import { arriving, type Intervention, readPoint } from '@saeval/sae-core'
import { bodyNames } from '../graph/body-inputs.js'
import { editShape, readHookPoints } from '../graph/edit-shape.js'
import type { TensorData } from '../runtime/engine.js'
import type { Feeds } from '../runtime/runtime.js'
import type { Forward } from './forward.js'
import { pastFeeds } from './kv-cache.js'
import { int64 } from './layout.js'
import { textLayout } from './pass-layout.js'
import type { MaskedText } from './token-masks.js'

/**
 * Runs one text with JavaScript callbacks at hook points. The graph is cut at each of them, so that a callback's
 * change takes effect on everything after it; interventions at the same hook point act first.
 */
export async function runHooked(
  forward: Forward,
  interventions: readonly Intervention[],
  text: MaskedText,
  hooks: ReadonlyMap<string, Hook>,
): Promise<HookedRun> {
  const cuts = forward.steps.flatMap((step, index) => (hooks.has(step.hookPoint) ? [index + 1] : []))
  const ends = [...new Set([...cuts, forward.steps.length])]
  let state: Feeds = {}
  let hidden: TensorData | null = null
  let from = 0
  // activations that edits after a cut read before it
  const carried = new Map<string, TensorData>()
  const reads = readHookPoints(editShape(interventions))
  for (const to of ends) {
    const captures = forward.steps
      .slice(from, to)
      .flatMap(({ hookPoint }) => [arriving(hookPoint), hookPoint])
      .filter((name) => reads.has(name))
    const outputs = await runSegment(forward, { from, to, interventions, captures }, text, state, carried)
    for (const name of captures) carried.set(name, outputs[name]!)
    hidden = outputs[bodyNames.hidden] ?? null
    const step = forward.steps[to - 1]!
    const hook = hooks.get(step.hookPoint)
    if (to === forward.steps.length) {
      // the last segment gives the residual stream of every position as [pos, d_model]
      if (hook) {
        const { dims } = hidden!
        hidden = { ...(await callHook(hook, step.hookPoint, { ...hidden!, dims: [1, ...dims] })), dims }
      }
      break
    }
    const changed = await callHook(hook!, step.hookPoint, outputs[bodyNames.lane(step.on, 'out')]!)
    // an edit that reads this hook point sees what the callback made of it
    if (reads.has(step.hookPoint)) carried.set(step.hookPoint, changed)
    state = Object.fromEntries(
      [...step.lanes.keys()].map((lane): [string, TensorData] => [
        bodyNames.lane(lane, 'in'),
        lane === step.on ? changed : outputs[bodyNames.lane(lane, 'out')]!,
      ]),
    )
    from = to
  }
  const { logits } = await forward.logits(hidden!)
  return { logits }
}

/** Activations at hook points, edits applied, for one text. */
export async function capture(
  forward: Forward,
  interventions: readonly Intervention[],
  text: MaskedText,
  hookPoints: readonly string[],
): Promise<Map<string, Activation>> {
  const steps = forward.steps.flatMap((step, index) => (hookPoints.includes(step.hookPoint) ? [index] : []))
  // nothing after the last of them needs to be computed
  const to = Math.max(...steps) + 1
  const outputs = await runSegment(forward, { from: 0, to, interventions, captures: hookPoints }, text, {})
  return new Map(hookPoints.map((hookPoint) => [hookPoint, activation(hookPoint, outputs[hookPoint]!)]))
}

/** Throws InputError for names the model does not have. */
export function checkHookPoints(forward: Forward, names: readonly string[]): void {
  for (const name of names) {
    if (forward.widths.has(name)) continue
    const reason = forward.absentHookPoint(name)
    if (reason !== null) throw new InputError(`the model has no hook point "${name}": ${reason}`)
    throw new InputError(`the model has no hook point "${name}"; it has ${hookPointList(forward)}`)
  }
}

function hookPointList({ steps, spec, widths }: Forward): string {
  const inLayers = steps
    .filter((step) => step.hookPoint.startsWith('blocks.0.'))
    .map((step) => step.hookPoint.replace('blocks.0.', 'blocks.L.'))
  const embedding = widths.has('hook_embed') ? ['hook_embed'] : []
  const layers = inLayers.length === 0 ? [] : [`for layers 0 to ${spec.nLayers - 1}, ${inLayers.join(', ')}`]
  return [...embedding, ...layers].join(' and, ') || 'none'
}

async function runSegment(
  forward: Forward,
  part: { from: number; to: number; interventions: readonly Intervention[]; captures: readonly string[] },
  text: MaskedText,
  state: Feeds,
  carried: ReadonlyMap<string, TensorData> = new Map(),
): Promise<Readonly<Record<string, TensorData>>> {
  const { from, to, captures } = part
  const steps = forward.steps.slice(from, to)
  const last = to === forward.steps.length
  const inside = part.interventions.filter((item) => steps.some((step) => step.hookPoint === item.hookPoint))
  const edits = editShape(inside)
  const before = new Set(forward.steps.slice(0, from).map((step) => step.hookPoint))
  const read = [...readHookPoints(edits)].filter((name) => before.has(readPoint(name).hookPoint))
  const session = forward.segment({ from, to, edits, captures })
  const layout = textLayout([{ ids: text.ids, masks: null }])
  const outputs = last ? [bodyNames.hidden] : [...steps.at(-1)!.lanes.keys()].map((lane) => bodyNames.lane(lane, 'out'))
  const packed = forward.segmentEdits(edits, inside, text)
  const feeds: Feeds = {
    ...forward.places.of(layout, from, to),
    ...state,
    ...Object.fromEntries(read.map((name) => [bodyNames.carried(name), carried.get(name)!])),
    ...packed.feeds,
    ...pastFeeds(forward.caches(from, to), 1, null),
    ...(last ? { [bodyNames.gather]: int64(text.ids.map((_, index) => index)) } : {}),
  }
  const run = session.run(feeds, Object.fromEntries([...outputs, ...captures].map((name) => [name, 'host'])))
  packed.dispose()
  return run
}

async function callHook(hook: Hook, hookPoint: string, tensor: TensorData): Promise<TensorData> {
  const seen = activation(hookPoint, tensor)
  const changed = (await hook(seen)) ?? seen.data
  if (changed.length !== seen.data.length) {
    throw new InputError(`the hook at ${hookPoint} returned ${changed.length} numbers, expected ${seen.data.length}`)
  }
  return { dtype: 'float32', data: changed, dims: tensor.dims }
}

/** [1, pos, width] as [pos, width]. */
function activation(hookPoint: string, { data, dims }: TensorData): Activation {
  return { hookPoint, data: data as Float32Array, dims: [dims[1]!, dims[2]!] }
}
