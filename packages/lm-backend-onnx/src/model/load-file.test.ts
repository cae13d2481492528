import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Said } from '@saeval/hub'
import { describe, expect, it, vi } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'
import { chooseFile } from '../exported/choose-file.js'
import type { Device } from '../runtime/devices.js'
import { openModelFiles } from '../weights/weight-files.js'
import { loadFile } from './load-file.js'
import { loadModelPacked } from './load-model.js'

const gpu = { name: 'cuda:0', provider: { name: 'cuda', deviceId: 0 } } as Device
vi.mock('../runtime/devices.js', () => ({
  async *devicesToTry() {
    yield { devices: [gpu], line: 'device: cuda:0 (a GPU)' }
  },
}))
const listed = vi.hoisted(() => ({ files: [] as { path: string; size: number }[] }))
vi.mock('@saeval/hub', async (original) => ({
  ...(await original<typeof import('@saeval/hub')>()),
  listRepositoryFiles: async () => listed.files,
}))

const llama = fixturePath('golden/onnx/llama')

/** What is told before the runtime would start. */
async function told(onnxFile?: string): Promise<string[]> {
  const lines: string[] = []
  const stop = () => {
    throw new Error('it would start')
  }
  const options = {
    model: llama,
    tokenizer: fixturePath('golden/onnx/gpt2'),
    notice: (line: Said) => lines.push(String(line)),
  }
  await loadModelPacked({ ...options, ...(onnxFile === undefined ? {} : { onnxFile }) }, 0, stop).catch(() => {})
  return lines
}

describe('the device of an ONNX file', () => {
  it('is the CPU, and said to be', async () => {
    const lines = await told('onnx/model_q4.onnx')
    expect(lines.join('\n')).toMatch(/^device: cpu; .*onnx\/model_q4.onnx, and ONNX files run on the CPU/)
    expect(lines.join('\n')).not.toContain('cuda')
    expect(await told()).toContain('device: cuda:0 (a GPU)')
  })
})

describe('weights that are not in the cache', () => {
  it('are told of before they are read, and refused where nothing may be downloaded', async () => {
    const files = await openModelFiles(llama, undefined, {})
    const missing = (path: string) => (path === 'onnx/model.onnx_data' ? 5e6 : null)
    const lines: string[] = []
    const load = (withoutDownload: boolean) => {
      const options = { model: llama, withoutDownload, notice: (line: Said) => lines.push(String(line)) }
      const configText = readFileSync(join(llama, 'config.json'), 'utf8')
      const chosen = { path: 'onnx/model.onnx', others: [], bytesMissing: 0, missing }
      const loading = {
        chosen,
        options,
        packUpTo: 0,
        encoded: undefined,
        device: gpu,
        files,
        adapter: null,
        configText,
      }
      return loadFile(loading, () => {
        throw new Error('it would start')
      })
    }
    await expect(load(true)).rejects.toThrow(/onnx\/model.onnx_data, which is not in the cache, and its graph/)
    await load(false).catch(() => {})
    expect(lines.join('\n')).toMatch(/onnx\/model.onnx_data, 5 MB, to be downloaded/)
  })

  it('are known whatever their name', async () => {
    const files = await openModelFiles(llama, undefined, {})
    const repository = { snapshotFolder: llama } as NonNullable<typeof files.repository>
    listed.files = [
      { path: 'onnx/model_q4.onnx', size: 5 },
      { path: 'onnx/model_q4.onnx_data', size: 70 },
      { path: 'onnx/weights.bin', size: 900 },
    ]
    const chosen = await chooseFile({ ...files, repository }, 'onnx/model_q4.onnx', {})
    expect(chosen?.bytesMissing).toBe(70)
    expect(
      ['weights.bin', 'model_q4.onnx_data', 'model_q4.onnx', 'other'].map((name) => chosen?.missing(`onnx/${name}`)),
    ).toEqual([900, null, null, null])
  })
})
