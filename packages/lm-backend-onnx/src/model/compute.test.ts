import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hf, loadModel } from '@saeval/lm-backend-onnx'
import { expect, it } from 'vitest'
import { cudaStub, needsCudaStub } from '../../../../tests/devices.js'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import type { Compute } from '../weights/precision.js'

const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))
const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

it('computes in float32 where there is no choice', async () => {
  for (const compute of ['tf32', 'bfloat16'] as const)
    await expect(loadModel({ model: folder, device: 'cpu', compute })).rejects.toThrow(
      `compute=${compute} is for CUDA, and cpu computes in float32: leave it out, or add device cuda`,
    )
  const asked = await loadModel({ model: folder, device: 'cpu', compute: 'float32' })
  const model = await loadModel({ model: folder, device: 'cpu' })
  expect(model.info.provenance).toMatchObject({ computed_in: 'float32' })
  expect(await asked.fingerprint()).toBe(await model.fingerprint())
  await asked.close()
  await model.close()
})

it('says what compute may be', async () => {
  const context = { batchSize: '1', maxBatchSize: null, device: 'cpu', hub: {}, notice: () => {} }
  await expect(hf({ pretrained: folder, compute: 'float16' }, context)).rejects.toThrow(
    'compute=float16: expected float32, tf32, bfloat16',
  )
})

/** What a model says of itself, which kernels ran, and which functions of CUDA that do nothing were called. */
function scored(compute: Compute) {
  const kernels = join(temporaryFolder(), 'kernels')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
      import { loadModel } from ${JSON.stringify(library)}
      const options = { model: ${JSON.stringify(folder)}, device: 'cuda:0', compute: '${compute}' }
      const model = await loadModel(options)
      await model.scoreTokens([{ ids: [5, 17, 42], predictions: [{ position: 1, token: 42 }] }])
      console.log(JSON.stringify({ said: model.info.provenance.computed_in, fingerprint: await model.fingerprint() }))
      await model.close()
      `,
    ],
    {
      encoding: 'utf8',
      env: { ...process.env, ...cudaStub, CUDA_STUB_KERNELS: kernels, CUDA_STUB_TRACE: '1' },
    },
  )
  expect(status, stderr).toBe(0)
  return {
    ...(JSON.parse(stdout) as { said: string; fingerprint: string }),
    // cuBLAS is told only where it is not to compute in float32
    tf32: stderr.includes('cublasSetMathMode'),
    bfloat16Inputs: readFileSync(kernels, 'utf8').includes('UnaryElementWiseIfNS_8BFloat16E'),
  }
}

it('computes on CUDA as it is asked to, says so, and keeps answers apart', needsCudaStub, () => {
  const [float32, tf32, bfloat16] = [scored('float32'), scored('tf32'), scored('bfloat16')]
  expect(float32).toMatchObject({ said: 'float32', tf32: false, bfloat16Inputs: false })
  expect(tf32).toMatchObject({ said: 'tf32', tf32: true, bfloat16Inputs: false })
  expect(bfloat16).toMatchObject({ said: 'bfloat16', tf32: false, bfloat16Inputs: true })
  expect(new Set([float32, tf32, bfloat16].map(({ fingerprint }) => fingerprint)).size).toBe(3)
})
