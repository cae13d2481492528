import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lavapipe, needsLavapipe } from '../../../tests/devices.js'
import { fixturePath, repository, temporaryFolder } from '../../../tests/fixtures.js'
import { tolerance } from '../../../tests/tolerances.js'

/** What a command line prints, in a process with lavapipe, in which the native libraries write nothing. */
function saeval(...argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['packages/cli/dist/bin.js', ...argv], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, ...lavapipe, HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' },
  })
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  expect(stderr).not.toMatch(/warning/i)
  return stdout
}

/** Log-probabilities of every choice in the samples of a folder of results, or of a sweep's cells. */
function logprobs(folder: string): number[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /samples_.*jsonl$/.test(name),
  )
  return files
    .sort((a, b) => (a.replace(/_\d{4}-.*/, '') < b.replace(/_\d{4}-.*/, '') ? -1 : 1))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .flatMap((line) => JSON.parse(line).filtered_resps.map(([logprob]: [string]) => Number(logprob)))
}

/** The largest difference between what a command finds on WebGPU and on the CPU; it writes into the folder that it is given. */
function difference(command: (device: string, folder: string) => void): { values: number; largest: number } {
  const [gpu, cpu] = ['webgpu', 'cpu'].map((device) => {
    const folder = temporaryFolder()
    command(device, folder)
    return logprobs(folder)
  }) as [number[], number[]]
  expect(gpu.length).toBe(cpu.length)
  return { values: gpu.length, largest: Math.max(...gpu.map((value, at) => Math.abs(value - cpu[at]!))) }
}

const task = ['--tasks', 'mmlu_abstract_algebra', '--batch_size', 'auto', '--limit', '3']

describe('on WebGPU', { ...needsLavapipe, timeout: 600_000 }, () => {
  it("the README's command gives the numbers of the CPU", () => {
    const model = ['--model', 'sae_steered_beta', '-a', 'base_name=google/gemma-2-2b,csv_path=examples/dog_steer.csv']
    const { values, largest } = difference((device, folder) => {
      saeval('run', ...model, ...task, '--device', device, '--output_path', folder, '--log_samples')
    })
    expect(values).toBe(12)
    expect(largest).toBeLessThan(tolerance.device)
  })

  it('so does a sweep', () => {
    const settings = ['-a', 'base_name=google/gemma-2-2b', '--csv', 'examples/dog_steer.csv', '--coefficients=240']
    const { values, largest } = difference((device, folder) => {
      saeval('sweep', ...settings, ...task, '--device', device, '-o', folder)
    })
    expect(values).toBe(24)
    expect(largest).toBeLessThan(tolerance.device)
  })

  it('verify passes, and says how far it is from the CPU', () => {
    const printed = saeval(
      'verify',
      '-a',
      'base_name=examples/demo/model,csv_path=examples/demo/add_dogs.csv',
      '--device',
      'webgpu',
      '--gpu_memory',
      '1GB',
    )
    expect(printed).toMatch(
      /^ok {14}unsteered, log-probabilities are those of the CPU {2}[\d.]+(e-\d+)? \(0\.001 allowed\)$/m,
    )
    expect(printed).toMatch(/^ok {14}steered, log-probabilities are those of the CPU/m)
    expect(printed).toMatch(/^ok {14}generated tokens are those of the CPU, or as likely {2}0 /m)
    expect(printed.trimEnd().split('\n').at(-1)).toBe('no check failed on webgpu')
  })
})
