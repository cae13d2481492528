import { describe, expect, it } from 'vitest'
import { arrayTask } from './array-task.js'

const slurm = (
  id: number,
  min: number,
  max: number,
  { step = 1, count = Math.floor((max - min) / step) + 1 } = {},
) => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_MIN: `${min}`,
  SLURM_ARRAY_TASK_MAX: `${max}`,
  SLURM_ARRAY_TASK_STEP: `${step}`,
  SLURM_ARRAY_TASK_COUNT: `${count}`,
})

describe('the item of a task of an array', () => {
  it('is none outside of arrays', () => {
    expect(arrayTask({}, 4)).toBe(null)
    expect(arrayTask({ SGE_TASK_ID: 'undefined', SLURM_ARRAY_TASK_ID: '' }, 4)).toBe(null)
  })

  it('is counted from the first task of an array of the whole plan', () => {
    expect([0, 1, 2, 3].map((id) => arrayTask(slurm(id, 0, 3), 4))).toEqual([0, 1, 2, 3])
    expect([1, 2, 3, 4].map((id) => arrayTask(slurm(id, 1, 4), 4))).toEqual([0, 1, 2, 3])
    expect([0, 10, 20].map((id) => arrayTask(slurm(id, 0, 20, { step: 10 }), 3))).toEqual([0, 1, 2])
    const sge = { SGE_TASK_FIRST: '1', SGE_TASK_LAST: '4', SGE_TASK_STEPSIZE: '1' }
    expect(['1', '4'].map((id) => arrayTask({ SGE_TASK_ID: id, ...sge }, 4))).toEqual([0, 3])
    expect(arrayTask({ PBS_ARRAY_INDEX: '3' }, 4)).toBe(3)
    expect(arrayTask({ JOB_COMPLETION_INDEX: '0' }, 4)).toBe(0)
  })

  it("is the task's number where some items are done again", () => {
    // --array=2,5 of a plan of eight, and of a plan of two
    expect([2, 5].map((id) => arrayTask(slurm(id, 2, 5, { count: 2 }), 8))).toEqual([2, 5])
    expect(arrayTask({ SGE_TASK_ID: '3', SGE_TASK_FIRST: '3', SGE_TASK_LAST: '3', SGE_TASK_STEPSIZE: '1' }, 4)).toBe(2)
  })

  it('is refused where there is no such item', () => {
    expect(() => arrayTask(slurm(7, 0, 7), 4)).toThrow(
      'SLURM_ARRAY_TASK_ID is 7, but the plan has 4 items: give the array 4 tasks (0 to 3)',
    )
    expect(() => arrayTask({ SGE_TASK_ID: '5' }, 4)).toThrow('give the array 4 tasks (1 to 4)')
    expect(() => arrayTask({ PBS_ARRAY_INDEX: '1.5' }, 4)).toThrow('PBS_ARRAY_INDEX is "1.5", which is no number')
  })
})
