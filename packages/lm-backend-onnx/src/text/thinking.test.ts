import { expect, it } from 'vitest'
import { idsAfterThinking, textAfterThinking } from './thinking.js'

// expected: lm_eval 0.4.13, models/huggingface.py (generate_until) and models/utils.py (postprocess_generated_text)
it('keeps what stands behind the last mark of thinking', () => {
  expect(idsAfterThinking([1, 9, 2, 9, 3], 9)).toEqual([3])
  expect(idsAfterThinking([1, 2], 9)).toEqual([1, 2])
  expect(idsAfterThinking([1, 9, 2], '</think>')).toEqual([1, 9, 2])
  expect(textAfterThinking('a</think> b</think>\n\nc ', '</think>')).toBe('c ')
  expect(textAfterThinking('\n a', '</think>')).toBe('a')
  expect(textAfterThinking('\n a', 9)).toBe('a')
  expect(textAfterThinking('\n a', '')).toBe('\n a')
  expect(textAfterThinking('\n a', null)).toBe('\n a')
})
