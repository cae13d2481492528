import { InputError } from '@saeval/hub'
import { expect, it } from 'vitest'
import type { Parts, Problem, Requests } from '../protocol.js'
import type { GivenFiles } from './held-files.js'
import { openFirst, type Start } from './open-worker.js'
import { succeed, type WorkerClient } from './worker-client.js'

const request: GivenFiles = { request: { files: {} }, transfer: [] }
const input: Problem = { sentence: 'features.jsonl, line 1: it is no JSON', isInput: true }
const lost: Problem = { sentence: 'the device is lost', isInput: false }

/** Workers of which one fails at a request on WebGPU. */
function workers(fails: { readonly at: 'prepare' | 'open'; readonly by: Problem; readonly everywhere?: boolean }) {
  const said: string[] = []
  const starter = async (onGpu: boolean): Promise<Start> => {
    said.push(`build ${onGpu}`)
    return () => {
      const worker = {
        ask: async (kind: string, _request: object, onPart: (part: unknown) => void) => {
          said.push(`${kind} ${onGpu}`)
          if (kind === fails.at && (onGpu || fails.everywhere)) return fails.by
          if (kind === 'open') onPart({} as Parts['open'])
          return null
        },
        terminate: () => said.push(`end ${onGpu}`),
      } as unknown as WorkerClient
      const prepared = succeed(worker.ask('prepare', {} as Requests['prepare'], () => {}))
      prepared.catch(() => {})
      return { worker, prepared }
    }
  }
  return { said, starter }
}

it.each(['prepare', 'open'] as const)('opens without WebGPU where that fails at %s, and says why', async (at) => {
  const { said, starter } = workers({ at, by: lost })
  const { without, opened } = await openFirst(null, starter, async () => request)
  expect(without).toBe('the device is lost')
  expect(opened.opened).toEqual({})
  expect(said.slice(said.indexOf('end true'))).toEqual(['end true', 'build false', 'prepare false', 'open false'])
})

it('throws at once what lies in the files', async () => {
  const { said, starter } = workers({ at: 'open', by: input })
  const failed = await openFirst(null, starter, async () => request).catch((error: unknown) => error)
  expect(InputError.isInstance(failed)).toBe(true)
  expect(said).not.toContain('build false')
})

it('says of what only WebGPU could open why WebGPU did not', async () => {
  const { starter } = workers({ at: 'prepare', by: lost })
  const { starter: small } = workers({ at: 'open', by: { sentence: 'too large', isInput: true }, everywhere: true })
  const failed = openFirst(
    null,
    (onGpu) => (onGpu ? starter : small)(onGpu),
    async () => request,
  )
  await expect(failed).rejects.toThrow('too large (WebGPU failed: the device is lost)')
})

it('throws what fails without WebGPU, too', async () => {
  const { starter } = workers({ at: 'open', by: lost, everywhere: true })
  await expect(openFirst(null, starter, async () => request)).rejects.toThrow('the device is lost')
  await expect(openFirst('there is none', starter, async () => request)).rejects.toThrow('the device is lost')
})
