import { expect, it } from 'vitest'
import type { Action } from '../edit.js'
import { sliderOf } from './slider.js'

const slider = (coefficient: number, maxActivation: number | null = null, action: Action = 'add') =>
  sliderOf({ sae: 0, latent: 1, action, coefficient }, { maxActivation })

it('goes to twice the largest activation, in steps that fit', () => {
  expect(slider(0)).toEqual({ min: -40, max: 40, step: 0.5 })
  expect(slider(5, 29.3)).toEqual({ min: -60, max: 60, step: 0.5 })
  expect(slider(0, 1200)).toEqual({ min: -2400, max: 2400, step: 20 })
  expect(slider(1, null, 'scale')).toEqual({ min: -2, max: 4, step: 0.05 })
})

it.each([240, -240, 18.741050720214844, 1e-9, 3333, 1e9, -1e9])('passes the coefficient %d', (coefficient) => {
  for (const action of ['add', 'clamp_active', 'scale'] as const) {
    const { min, max, step } = slider(coefficient, 0.01, action)
    expect(max).toBeGreaterThanOrEqual(Math.abs(coefficient) * 1.5)
    if (coefficient < 0) expect(min).toBeLessThan(coefficient)
    // what lies between is no more than a step away, and zero is a step
    expect(Math.abs(min / step - Math.round(min / step))).toBeLessThan(1e-6)
    expect(max / step).toBeGreaterThan(45)
    expect(max / step).toBeLessThan(125)
  }
})
