import { expect, it } from 'vitest'
import { runCheck } from './check.js'
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
