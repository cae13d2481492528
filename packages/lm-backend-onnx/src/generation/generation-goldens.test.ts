import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GeneratedTokens } from '@saeval/language-model'
import { generateUntil } from '@saeval/language-model'
import { loadModel } from '@saeval/lm-backend-onnx'
import { describe, expect, it } from 'vitest'
import { demoFolder, fixtureJson, temporaryFolder } from '../../../../tests/fixtures.js'
import { logitsProcessors } from './logits-processors.js'
import { resolveSettings } from './resolve-settings.js'
import { candidates } from './sampling.js'

interface Step {
  readonly settings: Record<string, unknown>
  readonly temperature: number | null
  readonly ids: number[]
  readonly promptLength: number
  readonly maxLength: number
  readonly logits: number[]
  /** Logits, or probabilities where a token is sampled; -Infinity is "-inf". */
  readonly found: (number | string)[]
}

interface Written {
  readonly file: string
  readonly values: Record<string, unknown>
  readonly settings: Record<string, unknown>
  readonly new: number[][]
}

// by tools/goldens/generation.py
const goldens: { steps: Step[]; prompts: string[]; texts: Written[] } = fixtureJson('golden/generation.json')

function found({ settings: values, temperature, logits: given, ...text }: Step): number[] {
  const model = { file: 'generation_config.json', values: { eos_token_id: [1, 7], ...values }, unknown: [] }
  const { settings } = resolveSettings(model, { doSample: temperature !== null }, null)
  const logits = Float32Array.from(given)
  for (const processor of logitsProcessors(settings, logits.length))
    if (processor.acts(text)) processor.apply(logits, text)
  if (temperature === null) return [...logits]
  const { ids, weights } = candidates(logits, { ...settings, temperature })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const probabilities = Array<number>(logits.length).fill(0)
  weights.forEach((weight, place) => {
    probabilities[ids[place]!] = weight / total
  })
  return probabilities
}

describe('processors and choices of transformers', () => {
  const groups = new Map<string, Step[]>()
  for (const step of goldens.steps) {
    const name = JSON.stringify([step.settings, step.temperature === null ? 'greedy' : 'sampled'])
    groups.set(name, [...(groups.get(name) ?? []), step])
  }
  it.each([...groups])('%s', (_, steps) => {
    for (const step of steps) {
      const expected = step.found.map((value) => (value === '-inf' ? Number.NEGATIVE_INFINITY : (value as number)))
      const ours = found(step)
      for (const [id, value] of expected.entries()) {
        const why = `token ${id} of ${JSON.stringify(step)}`
        // what is left out is left out exactly
        if (!Number.isFinite(value) || value === 0) expect(ours[id], why).toBe(value)
        else expect(Math.abs(ours[id]! / value - 1), why).toBeLessThan(1e-5)
      }
    }
  })
})

it.each(goldens.texts.map((golden) => [golden] as const))('writes what generate() writes: %j', async (golden) => {
  const folder = join(temporaryFolder(), 'model')
  cpSync(join(demoFolder, 'model'), folder, { recursive: true })
  rmSync(join(folder, 'generation_config.json'))
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  delete config.eos_token_id
  const isConfig = golden.file === 'config.json'
  writeFileSync(join(folder, golden.file), JSON.stringify(isConfig ? { ...config, ...golden.values } : golden.values))
  const notices: string[] = []
  const model = await loadModel({ model: folder, device: 'cpu', notice: (line) => notices.push(String(line)) })
  try {
    const written: GeneratedTokens[] = []
    await generateUntil(
      model,
      goldens.prompts.map((context) => ({
        ...{ context, until: [], maxGenToks: 30, doSample: false, temperature: 0 },
        settings: golden.settings,
      })),
      { onTokens: (generated) => (written[generated.request] = generated) },
    )
    expect(written.map(({ newIds }) => newIds)).toEqual(golden.new)
    // one line for what the files decide, none where the request decides
    const decided = Object.keys(golden.values).filter((name) => notices.join().includes(`${name}=`))
    const recorded = (model.report().provenance?.generation_settings ?? {}) as Record<string, object>
    expect(Object.keys(recorded[golden.file] ?? {})).toEqual(decided)
    expect(notices.length).toBe(decided.length > 0 ? 1 : 0)
    expect(decided).not.toContain(Object.keys(golden.settings)[0])
  } finally {
    await model.close()
  }
})
