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
