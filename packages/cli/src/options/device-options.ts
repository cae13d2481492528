import type { DeviceChoice } from '@saeval/language-model'
import type { Command } from 'commander'
import { memory, parser } from './parse-option.js'

/** What the options of addDeviceOptions give. */
export interface DeviceFlags {
  readonly device?: string | null
  readonly gpu_memory?: number | null
}

/** Declares where a model computes, for every command that opens one. */
export function addDeviceOptions(command: Command): Command {
  return command
    .option('--device <name>', 'auto (default), cpu, webgpu, cuda:0, or several as cuda:0,cuda:1 (docs/devices.md)')
    .option(
      '--gpu_memory <amount>',
      "memory that the model may take: 20GB, or 0.8 of the device's (default: what is free)",
      parser(memory),
    )
}

/** Where the model computes, as libraries take it. */
export function deviceOf({ device, gpu_memory: gpuMemory }: DeviceFlags): Required<DeviceChoice> {
  return { device: device ?? null, gpuMemory: gpuMemory ?? null }
}
