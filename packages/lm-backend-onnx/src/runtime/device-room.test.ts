import { describe, expect, it } from 'vitest'
import { deviceRoom, unknownRoom } from './device-room.js'
import type { DeviceMemory } from './engine.js'
import type { Runtime } from './runtime.js'

const runtime = (memory: DeviceMemory | null) =>
  ({ location: 'cuda:0', memory: () => Promise.resolve(memory) }) as Pick<Runtime, 'location' | 'memory'> as Runtime
const total = 100e9
const unknown = { kind: null, memory: null } as const
const sum = (room: object | null) => Object.values(room!).reduce((all, bytes) => all + bytes, 0)

describe('the room beside the weights', () => {
  it('is nine tenths of what is free, or less where less is given', async () => {
    const device = runtime({ total, free: 50e9 })
    expect(sum(await deviceRoom(device, 5e9, null, unknown))).toBeCloseTo(40e9)
    expect(sum(await deviceRoom(device, 5e9, 0.2, unknown))).toBeCloseTo(15e9)
    expect(sum(await deviceRoom(device, 5e9, 10e9, unknown))).toBeCloseTo(5e9)
    expect(sum(await deviceRoom(device, 5e9, 0.9, unknown))).toBeCloseTo(40e9)
  })

  it('is known by what is given where the device says nothing', async () => {
    expect(await deviceRoom(runtime(null), 5e9, null, unknown)).toBeNull()
    expect(sum(await deviceRoom(runtime(null), 5e9, 8e9, unknown))).toBeCloseTo(3e9)
    await expect(deviceRoom(runtime(null), 5e9, 0.5, unknown)).rejects.toThrow(
      /cuda:0 does not say how much memory it has/,
    )
  })

  it('is of a GPU that is known by its memory, as if nobody else used it, and no larger than where nothing is known', async () => {
    const gpu = { kind: 'discrete', memory: 10e9 } as const
    const room = await deviceRoom(runtime(null), 8e9, null, gpu)
    expect(sum(room)).toBeCloseTo(1e9)
    expect(await deviceRoom(runtime(null), 1e6, null, { ...gpu, memory: 1e12 })).toEqual(unknownRoom)
    expect(sum(await deviceRoom(runtime(null), 1e9, 0.5, gpu))).toBeCloseTo(4e9)
    const tooMuch = deviceRoom(runtime(null), 9.5e9, null, gpu)
    await expect(tooMuch).rejects.toThrow(/^the weights take 9\.5 GB on cuda:0, where 9\.0 GB may be used/)
    await expect(tooMuch).rejects.toMatchObject({
      fault: 'the weights take 9.5 GB and 9.0 GB of its memory may be used',
    })
    // they take what the machine has
    expect(await deviceRoom(runtime(null), 9.5e9, null, { kind: 'integrated', memory: 4e9 })).toBeNull()
  })

  it('is an error where the weights alone are too much', async () => {
    const device = runtime({ total, free: 50e9 })
    await expect(deviceRoom(device, 46e9, null, unknown)).rejects.toThrow(
      /^the weights take 46\.0 GB on cuda:0, where 45\.0 GB may be used: choose a smaller dtype/,
    )
    await expect(deviceRoom(device, 6e9, 0.05, unknown)).rejects.toThrow(
      /take 6\.0 GB on cuda:0, where 5\.0 GB may be used/,
    )
  })
})
