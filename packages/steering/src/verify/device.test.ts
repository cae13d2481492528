import { expect, it } from 'vitest'
import { measuredOnly, runCheck } from './check.js'
import { type DeviceSubject, inOtherModel } from './device.js'

it('does not apply where there is no room for the model in another arithmetic', async () => {
  const check = inOtherModel('bfloat16', async () => {
    throw new Error('the weights take 4 GB, where 3 GB may be used')
  })
  const { outcome, messages } = await runCheck(check, {} as DeviceSubject)
  expect([outcome, messages]).toEqual(['not applicable', ['the weights take 4 GB, where 3 GB may be used']])
})

it('does not apply where that arithmetic gives no numbers, and closes the model', async () => {
  const closed: string[] = []
  const of = (name: string) => ({ close: async () => void closed.push(name) })
  const check = inOtherModel('bfloat16', async () => ({
    // a model whose views answer nothing
    base: { ...of('base') } as unknown as DeviceSubject['base'],
    steering: of('steering'),
  }))
  const { outcome } = await runCheck(check, { trial: { together: [] } } as unknown as DeviceSubject)
  expect([outcome, closed]).toEqual(['not applicable', ['base', 'steering']])
})

it('judges no number in another arithmetic, but says what is wrong whatever the numbers', async () => {
  const check = (problems: readonly string[]) => ({
    name: 'a check',
    allowed: 1e-4,
    run: async () => ({ deviations: [{ what: 'it is off', deviation: 1e-2 }], problems }),
  })
  expect(await runCheck(check([]), null)).toMatchObject({ outcome: 'failed', messages: ['it is off by 0.0100'] })
  expect(await runCheck(measuredOnly(check([])), null)).toMatchObject({ outcome: 'ok', deviation: 1e-2, allowed: null })
  expect(await runCheck(measuredOnly(check(['nothing changes'])), null)).toMatchObject({ outcome: 'failed' })
})
