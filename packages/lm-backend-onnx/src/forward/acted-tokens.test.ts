import { generateUntil, loglikelihood, loglikelihoodRolling } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import {
  applyIntervention,
  type Intervention,
  isSelected,
  lowerEdits,
  parsePositions,
  type SaeFile,
  type SteeringEdit,
  type TokenPlace,
} from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixturePath, modelsHere } from '../../../../tests/fixtures.js'
import { randomSae } from '../../../../tests/random-sae.js'
import { testDevice } from '../../../../tests/test-device.js'
import { selectionsOf } from '../graph/pack-edits.js'

// what the graph counts over whole runs, against activations that are captured and counted in JavaScript

const models = ['google/gemma-2-2b', 'Qwen/Qwen3.5-2B-Base']
const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const positions = (include: string, exclude = '') => ({
  include: parsePositions(include),
  exclude: exclude === '' ? [] : parsePositions(exclude),
})
const greedy = { until: [], doSample: false, temperature: 0 }

/** Tokens of a text that the model reads; those from promptLength on count as generated. */
interface ReadText {
  readonly ids: readonly number[]
  readonly promptLength: number
}

/** Tokens that are computed, and for each edit the number of them at which it acts. */
interface Counts {
  readonly tokens: number
  readonly acts: ReadonlyMap<number, number>
}

/** Each distinct prefix (equal in what is selected too) of a group of texts once. */
async function countByHand(
  model: OnnxModel,
  interventions: readonly Intervention[],
  groups: readonly (readonly ReadText[])[],
): Promise<Counts> {
  const acts = new Map<number, number>()
  let tokens = 0
  for (const texts of groups) {
    const distinct = new Map<string, ReadonlySet<number>>()
    for (const text of texts)
      for (const { key, edits } of await actsInText(model, interventions, text)) distinct.set(key, edits)
    tokens += distinct.size
    for (const edits of distinct.values()) for (const edit of edits) acts.set(edit, (acts.get(edit) ?? 0) + 1)
  }
  return { tokens, acts }
}

/** The edits that act at each token of a text, and a key of everything that decides it. */
async function actsInText(
  model: OnnxModel,
  interventions: readonly Intervention[],
  { ids, promptLength }: ReadText,
): Promise<{ key: string; edits: ReadonlySet<number> }[]> {
  const { bos, specialIds } = model.tokenizer
  const places = ids.map(
    (id, position): TokenPlace => ({
      id,
      position,
      promptLength,
      isBos: id === bos?.id,
      isSpecial: specialIds.has(id),
    }),
  )
  const acting = ids.map(() => new Set<number>())
  const orderOf = ({ hookPoint }: Intervention) => model.hookPoints.indexOf(hookPoint)
  for (const intervention of interventions) {
    const { hookPoint, stages } = intervention
    // what comes before this hook point has its edits
    const before = model.steer(interventions.filter((other) => orderOf(other) < orderOf(intervention)))
    const read = stages.flatMap(({ readers }) => readers.flatMap(({ readFrom }) => readFrom ?? []))
    const captured = await before.captureActivations(ids, [hookPoint, ...read], { promptLength })
    const { data, dims } = captured.get(hookPoint)!
    applyIntervention(data, intervention, dims[1], {
      reads: new Map(read.map((name) => [name, captured.get(name)!.data])),
      places,
      onActs: ({ edit }, token) => acting[token]!.add(edit!),
    })
  }
  const selections = selectionsOf(interventions)
  let key = ''
  return ids.map((id, position) => {
    key += `${id} ${selections.map((selection) => isSelected(selection, places[position]!))};`
    return { key, edits: acting[position]! }
  })
}

const load = (name: string, batchSize: number) =>
  loadModel({ model: name, device: testDevice, batchSize, hub: { env } })

describe.each(modelsHere(models))('edits of %s', (name) => {
  let model: OnnxModel
  let settings: Record<string, readonly Intervention[]>
  beforeAll(async () => {
    // passes of a few tokens each, so that beginnings are kept and rows are padded
    model = await load(name, 2)
    const d = model.widthOf('blocks.1.hook_resid_post')
    const at = (seed: number, more: Parameters<typeof randomSae>[1]) => randomSae(seed, { dIn: d, dOut: d, ...more })
    const early = at(1, {
      architecture: 'jumprelu',
      hookPoint: 'blocks.0.hook_resid_post',
      hookPointOut: 'blocks.0.hook_resid_post',
    })
    const late = at(2, {
      architecture: 'topk',
      k: 6,
      hookPoint: 'blocks.1.hook_resid_post',
      hookPointOut: 'blocks.1.hook_resid_post',
    })
    const transcoder = at(3, {
      architecture: 'transcoder',
      applyBDecToInput: false,
      hookPoint: 'blocks.1.hook_resid_mid',
      hookPointOut: 'blocks.1.hook_mlp_out',
    })
    const edit = (sae: SaeFile, action: SteeringEdit['action'], latent: number, coefficient: number, more = {}) =>
      ({ sae, action, latent, coefficient, ...more }) as SteeringEdit
    const everywhere = [
      edit(late, 'ablate', 1, 0),
      edit(early, 'scale', 2, 1.5),
      edit(early, 'clamp_above', 3, 2, { threshold: 0.5 }),
      edit(late, 'scale', 4, 2),
      edit(early, 'add', 5, 1),
      edit(late, 'scale', 6, 2),
      edit(transcoder, 'clamp_active', 7, 2),
      edit(early, 'add', 8, 0.5, { condition: { sae: early, latent: 9, above: 0 } }),
      edit(early, 'clamp_refusal', 10, 2, { threshold: 0.1, setLatent: 11 }),
      edit(late, 'project_clamp', 12, 2),
    ]
    const placed = [
      edit(early, 'add', 1, 1, { positions: positions('prompt', 'bos') }),
      edit(early, 'ablate', 2, 0, { positions: positions('generated') }),
      edit(late, 'clamp', 3, 1, { positions: positions('-2:') }),
      edit(early, 'scale', 4, 1.5),
    ]
    settings = {
      everywhere: await lowerEdits(everywhere),
      'at positions': await lowerEdits(placed),
      fork: await lowerEdits(everywhere.slice(1, 4), { semantics: 'fork' }),
      pr2641: await lowerEdits([everywhere[1]!, everywhere[4]!], { semantics: 'pr2641' }),
    }
  })
  afterAll(() => model?.close())

  const expectCounts = (view: OnnxModel, { tokens, acts }: Counts) => {
    expect(view.report().tokens?.computed).toBe(tokens)
    expect([...acts.values()].some((count) => count > 0 && count < tokens)).toBe(true)
    expect(Object.fromEntries(view.actedTokens)).toEqual({
      ...Object.fromEntries([...view.actedTokens.keys()].map((edit) => [edit, 0])),
      ...Object.fromEntries(acts),
    })
  }
  // beginnings so long that they are kept; short ones may be computed twice
  const words = 'The old dog sat down by the river and looked at the moon over the hill '
  const story = `${words}until ${words}was dark, and then`
  const requests = ['', ' he said that', ' the cat'].flatMap((end) =>
    [' river', ' old house on the hill', ' end of it'].map((continuation) => ({ context: story + end, continuation })),
  )
  /** What scoring reads: all but the last token. A state cannot branch, so models that carry one read each request by itself. */
  const readGroups = (asked: typeof requests) => {
    const texts = asked.map(({ context, continuation }): ReadText => {
      const ids = model.tokenizer.encode(context + continuation)
      return { ids: ids.slice(0, -1), promptLength: model.tokenizer.encode(context).length }
    })
    return model.family.startsWith('qwen3_5') ? texts.map((text) => [text]) : [texts]
  }

  it.each(['everywhere', 'at positions', 'fork', 'pr2641'])(
    '(%s) are counted where they act in scoring',
    async (which) => {
      const view = model.steer(settings[which]!)
      expect(view.actedTokens.size).toBe(0)
      await loglikelihood(view, requests)
      const byHand = await countByHand(model, settings[which]!, readGroups(requests))
      expectCounts(view, byHand)
      // the counts go on
      await loglikelihood(view, requests)
      expectCounts(view, {
        tokens: 2 * byHand.tokens,
        acts: new Map([...byHand.acts].map(([edit, count]) => [edit, 2 * count])),
      })
    },
  )

  it('are counted in rows of different lengths', async () => {
    const long = ['One', 'Two', 'Cats'].map((first, index) => ({
      context: `${first} ${words.repeat(3 - index)}`,
      continuation: 'and then',
    }))
    const view = model.steer(settings.everywhere!)
    await loglikelihood(view, long)
    expectCounts(view, await countByHand(model, settings.everywhere!, readGroups(long)))
  })

  it('are counted for each of the settings that share the layers below', async () => {
    const both = [settings.everywhere!, settings['at positions']!]
    const late = both.map((setting) => setting.filter(({ hookPoint }) => hookPoint.startsWith('blocks.1.')))
    const shared = model.shareBelow(late)
    for (const setting of late) {
      const view = shared.steer(setting)
      await loglikelihood(view, requests)
      expectCounts(view, await countByHand(model, setting, readGroups(requests)))
    }
    expect(shared.steer([]).actedTokens.size).toBe(0)
  })

  it('are counted in rolling windows', async () => {
    const view = model.steer(settings.everywhere!)
    await loglikelihoodRolling(view, [{ text: story }])
    const ids = model.tokenizer.encode(story)
    const start = model.tokenizer.bos?.id ?? model.tokenizer.eos!.id
    expectCounts(
      view,
      await countByHand(model, settings.everywhere!, [[{ ids: [start, ...ids.slice(0, -1)], promptLength: 1 }]]),
    )
  })

  it.each(['everywhere', 'at positions'])(
    '(%s) are counted in generation, each text as long as it is',
    async (which) => {
      // a text that has ended stays in its batch while most others go on, and goes with a quarter of them; all begin alike
      const writing = await load(name, 5)
      const view = writing.steer(settings[which]!)
      const ends = ['b', 'c', 'd', 'f', 'g']
      const prompts = [3, 5, 8, 9, 9].map((maxGenToks, index) => ({
        context: `${words}until the ${ends[index]}`,
        maxGenToks,
      }))
      const texts: ReadText[] = []
      await generateUntil(
        view,
        prompts.map((prompt) => ({ ...greedy, ...prompt })),
        {
          onTokens: ({ request, promptIds, newIds }) => {
            texts[request] = { ids: [...promptIds, ...newIds.slice(0, -1)], promptLength: promptIds.length }
          },
        },
      )
      expectCounts(view, await countByHand(model, settings[which]!, [texts]))
      await writing.close()
    },
  )
})

describe('a vector of zeros', () => {
  it('acts nowhere', async () => {
    const model = await load(models[0]!, 1)
    try {
      const hookPoint = 'blocks.0.hook_resid_post'
      const vector = new Float32Array(model.widthOf(hookPoint))
      const add = { vector, gates: [], positions: positions('prompt'), edit: 0 }
      const stage = {
        addend: null,
        adds: [add],
        readers: [],
        phases: [],
        gatesRead: 'clean',
        saeReplacement: null,
      } as const
      const view = model.steer([{ hookPoint, stages: [stage] }])
      await loglikelihood(view, [{ context: 'The dog', continuation: ' sat' }])
      expect([...view.actedTokens]).toEqual([[0, 0]])
    } finally {
      await model.close()
    }
  })
})
