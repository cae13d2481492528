import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModel } from '@saeval/lm-backend-onnx'
import { readSteeringFile } from '@saeval/steering'
import { openCsvSteering } from '@saeval/steering/internal/models/csv-steering'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { randomNumbers } from '../../../tests/random-sae.js'

/** The first line of steering files here. */
export const csvHeader = 'latent_idx,steering_coefficient,sae_release,sae_id,hook_action'

/** What a page answers (browser/testing/ask-worker.ts). */
export interface Scored {
  readonly logprobs?: number[][][]
  readonly error?: string
}

/** An SAE of random weights in SAELens' format. */
export function writeRandomSae(place: string, hookPoint: string, dIn: number, dSae: number): void {
  const random = randomNumbers(7)
  const shapes = { W_enc: [dIn, dSae], W_dec: [dSae, dIn], b_enc: [dSae], b_dec: [dIn] }
  const parts: Uint8Array[] = []
  let at = 0
  const header = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const values = random(
        shape.reduce((a, b) => a * b),
        0.3,
      )
      parts.push(new Uint8Array(values.buffer))
      at += values.byteLength
      return [name, { dtype: 'F32', shape, data_offsets: [at - values.byteLength, at] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'sae_weights.safetensors'), Buffer.concat([length, text, ...parts]))
  const cfg = { architecture: 'standard', d_in: dIn, d_sae: dSae, dtype: 'float32', metadata: { hook_name: hookPoint } }
  writeFileSync(join(place, 'cfg.json'), JSON.stringify(cfg))
}

/** Log-probabilities of the tokens of texts, one after the other, under each steering file; '' is the model as it is. */
export async function scoredInNode(
  path: string,
  texts: readonly string[],
  csvs: readonly string[],
): Promise<number[][]> {
  const model = await loadModel({ model: path, device: 'cpu' })
  const scored = texts.map((text) => {
    const ids = model.tokenizer.encode(text)
    return { ids, predictions: ids.slice(1).map((token, position) => ({ position, token })) }
  })
  const file = join(temporaryFolder(), 'steering.csv')
  const all: number[][] = []
  for (const csv of csvs) {
    let view = model
    if (csv !== '') {
      writeFileSync(file, csv)
      const opened = await openCsvSteering(path, await readSteeringFile(file), {}, { hub: {}, notice: () => {} })
      const { interventions } = await opened.lower(model)
      await opened.close()
      view = model.steer(interventions)
    }
    all.push((await view.scoreTokens(scored)).flatMap(({ logprobs }) => [...logprobs]))
  }
  await model.close()
  return all
}

export function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))
}
