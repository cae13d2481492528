import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import type { Provider } from '../runtime/protocol.js'

/** Where the nodes of a graph are computed. */
export interface Placement {
  /** Operators that the CPU computes, each once. */
  readonly onCpu: readonly string[]
  /** Nodes that the device computes. */
  readonly onDevice: number
  /** Copies between host and device that onnxruntime has put into the graph. */
  readonly copies: number
}

const marker = '#### graph'

// opens the files of its arguments on a provider, with all of onnxruntime's log
const script = `
  import { readFileSync, writeSync } from 'node:fs'
  const [dist, provider, ...files] = process.argv.slice(1)
  const { openOrtApi } = await import(dist + 'runtime/c-api/ort-api.js')
  const { libraryFile } = await import(dist + 'runtime/c-api/library-file.js')
  const { providerUse } = await import(dist + 'runtime/c-api/providers.js')
  const api = await openOrtApi(libraryFile())
  const env = api.CreateEnv(0, 'saeval')
  for (const file of files) {
    writeSync(2, '\\n${marker}\\n')
    const options = api.CreateSessionOptions()
    api.SetSessionLogSeverityLevel(options, 0)
    api.SetSessionGraphOptimizationLevel(options, 99)
    providerUse(JSON.parse(provider)).append(api, options)
    const model = readFileSync(file)
    api.CreateSessionFromArray(env, model, model.byteLength, options)
  }
  writeSync(2, '\\n#### end\\n')
  process.kill(process.pid, 'SIGKILL')
`

/** Opens graphs, whose weights are inputs, on a provider, in a process of its own whose log says where their nodes are computed. */
export async function placements(
  provider: Provider,
  environment: Readonly<Record<string, string>>,
  models: readonly Uint8Array[],
): Promise<Placement[]> {
  const folder = temporaryFolder()
  const files = models.map((_, index) => join(folder, `${index}.onnx`))
  files.forEach((file, index) => {
    writeFileSync(file, models[index]!)
  })
  const dist = new URL('../../dist/', import.meta.url).href
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', script, dist, JSON.stringify(provider), ...files],
    {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  await new Promise((resolve) => child.on('close', resolve))
  if (!log.includes('#### end')) throw new Error(`a graph was not opened: ${log.slice(-2000)}`)
  return log.split(marker).slice(1).map(placementIn)
}

function placementIn(log: string): Placement {
  const onCpu = new Set<string>()
  let onDevice = 0
  let isCpu = false
  for (const line of log.split('\n')) {
    const all = /All nodes placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(line)
    const some = /Node\(s\) placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(line)
    const provider = all ?? some
    if (provider) {
      isCpu = provider[1] === 'CPUExecutionProvider'
      if (isCpu && all) onCpu.add('everything')
      if (!isCpu) onDevice += Number(provider[2])
    }
    const node = /VerifyEachNodeIsAssignedToAnEp\]\s+(\S+) \(/.exec(line)
    if (node && isCpu) onCpu.add(node[1]!)
  }
  const copies = /(\d+) Memcpy nodes? (?:is|are) added/.exec(log)
  return { onCpu: [...onCpu].sort(), onDevice, copies: copies ? Number(copies[1]) : 0 }
}
