import { readFile } from 'node:fs/promises'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import { afterAll } from 'vitest'
import { fixtureNames, hfHomeOf } from '../../../tests/fixtures.js'
import { testDevice } from '../../../tests/test-device.js'
import { modelSpec } from './spec/model-families.js'
import type { ModelSpec } from './spec/model-spec.js'
import { openCheckpoint } from './weights/checkpoint.js'
import { type ModelWeights, matchWeights } from './weights/model-weights.js'
import { openModelFiles, weightFiles } from './weights/weight-files.js'

const hubOf = (name: string) => ({ env: { HF_HOME: hfHomeOf(name), HF_HUB_OFFLINE: '1' } })

/** Names of the stand-in models that have goldens. */
export const goldenModelNames = fixtureNames('golden/models')
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length).replace('--', '/'))

const opened: OnnxModel[] = []
afterAll(() => Promise.all(opened.map((model) => model.close())))

/** Opens one of them on the device of the tests; it is closed when the test file has run. */
export async function openGoldenModel(name: string, batchSize: number | 'auto'): Promise<OnnxModel> {
  const model = await loadModel({ model: name, device: testDevice, batchSize, hub: hubOf(name) })
  opened.push(model)
  return model
}

/** The specification and weights of one of them, as loadModel finds them for a device. */
export async function goldenWeights(name: string): Promise<{ spec: ModelSpec; weights: ModelWeights }> {
  const files = await openModelFiles(name, undefined, hubOf(name))
  const spec = modelSpec(name, await readFile(await files.path('config.json'), 'utf8'))
  const stored = matchWeights(spec, await openCheckpoint(await weightFiles(files)), name)
  return { spec, weights: { ...stored, precision: 'float32', residence: 'device', quantized: null } }
}
