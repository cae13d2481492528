import { describe, expect, it } from 'vitest'
import { deviceRoom } from './device-room.js'
import type { DeviceMemory } from './engine.js'
import type { Runtime } from './runtime.js'

const runtime = (memory: DeviceMemory | null) =>
  ({ location: 'cuda:0', memory: () => Promise.resolve(memory) }) as Pick<Runtime, 'location' | 'memory'> as Runtime
const total = 100e9
const sum = (room: object | null) => Object.values(room!).reduce((all, bytes) => all + bytes, 0)

describe('the room beside the weights', () => {
  it('is nine tenths of what is free, or less where less is given', async () => {
    const device = runtime({ total, free: 50e9 })
    expect(sum(await deviceRoom(device, 5e9, null))).toBeCloseTo(40e9)
    expect(sum(await deviceRoom(device, 5e9, 0.2))).toBeCloseTo(15e9)
    expect(sum(await deviceRoom(device, 5e9, 10e9))).toBeCloseTo(5e9)
    expect(sum(await deviceRoom(device, 5e9, 0.9))).toBeCloseTo(40e9)
  })

  it('is known by what is given where the device says nothing', async () => {
    expect(await deviceRoom(runtime(null), 5e9, null)).toBeNull()
    expect(sum(await deviceRoom(runtime(null), 5e9, 8e9))).toBeCloseTo(3e9)
    await expect(deviceRoom(runtime(null), 5e9, 0.5)).rejects.toThrow(/cuda:0 does not say how much memory it has/)
  })

  it('is an error where the weights alone are too much', async () => {
    const device = runtime({ total, free: 50e9 })
    await expect(deviceRoom(device, 46e9, null)).rejects.toThrow(
      /^the weights take 46\.0 GB on cuda:0, where 45\.0 GB may be used: choose a smaller dtype/,
    )
    await expect(deviceRoom(device, 6e9, 0.05)).rejects.toThrow(/take 6\.0 GB on cuda:0, where 5\.0 GB may be used/)
  })
})
