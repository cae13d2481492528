import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { runtimeFolder, runtimePackage } from './runtime-package.js'

it('finds the library of this machine', () => {
  expect(runtimePackage()).toBe(`@saeval/onnxruntime-${process.platform}-${process.arch}`)
  expect(readdirSync(runtimeFolder())).toContain('onnxruntime_binding.node')
})

it('says for which machines there is a library', () => {
  expect(() => runtimePackage('darwin-x64')).toThrow(
    'onnxruntime has no library for darwin-x64; there are: darwin-arm64, linux-arm64, linux-x64, win32-arm64, win32-x64',
  )
})
