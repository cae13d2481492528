import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { InputError, option, sentence } from '@saeval/hub'
import type { ModelContext, ModelInfo } from '@saeval/language-model'
import type { Tokenizer } from '@saeval/tokenizer'
import type { ServerArguments } from './arguments.js'
import { openServer, type Server, type ServerOptions } from './ask-server.js'
import type { Batching } from './in-batches.js'
import { decoded, secretsOf, shownAddress } from './secrets.js'

/** A server, and what every request to it has. */
export interface OpenServer {
  readonly server: Server
  readonly address: string
  readonly model: string
  readonly seed: number
  readonly batching: Batching
  readonly notice: ModelContext['notice']
  /** Stops everything. */
  readonly signal: AbortSignal | undefined
}

/** Reads what says where the server is and how it is asked. Throws InputError. */
export async function openServerOf(
  name: string,
  args: ServerArguments,
  { batchSize, gpuMemory, notice, hub }: ModelContext,
  options: Pick<ServerOptions, 'wait'> = {},
): Promise<OpenServer> {
  const model = args.model ?? args.pretrained
  if (model === undefined)
    throw new InputError(
      sentence`${option('model')} ${name} needs ${option('modelArgs')} model=…, the model's name at the server`,
    )
  const address = addressOf(name, args.base_url)
  if (gpuMemory != null)
    throw new InputError(
      sentence`${option('gpuMemory')} has no effect on model ${name}, which a server computes; leave it out`,
    )
  const { num_concurrent: concurrent = 1, max_retries: attempts = 3, timeout = 300 } = args
  if (!(timeout > 0))
    throw new InputError(sentence`${option('modelArgs')}: timeout is ${timeout}, expected seconds above 0`)
  const headers = headersOf(args.header, address)
  // Node would make a header of them; headersOf has, where none was given
  const bare = new URL(address)
  bare.username = ''
  bare.password = ''
  const server = openServer({
    connection: {
      address: bare,
      headers,
      timeout,
      verifyCertificate: args.verify_certificate ?? true,
      certificates: args.ca_cert_path === undefined ? undefined : await certificates(args.ca_cert_path, address),
      connections: Math.max(1, concurrent),
    },
    attempts: Math.max(1, attempts),
    notice,
    secrets: secretsOf(headers, address),
    ...options,
  })
  return {
    server,
    address: shownAddress(address),
    model,
    seed: args.seed ?? 1234,
    batching: { batchSize: sizeOf(batchSize, notice), concurrent: Math.max(1, concurrent) },
    notice,
    signal: hub.signal,
  }
}

/** What is fixed about a model of which only the tokenizer is here; null where that is not known either. */
export function infoOf({ address, model }: OpenServer, tokenizer: Tokenizer | null, maxLength: number): ModelInfo {
  const token = (role: 'pad' | 'eos' | 'bos'): readonly [string, number] | null => {
    const found = tokenizer?.[role] ?? null
    return found === null ? null : [found.text, found.id]
  }
  return {
    numParameters: 0,
    dtype: 'unknown',
    revision: '',
    sha: '',
    maxLength,
    padToken: token('pad'),
    eosToken: token('eos'),
    bosToken: token('bos'),
    eotTokenId: tokenizer?.eos?.id ?? null,
    batchSizes: [],
    provenance: { server: { base_url: address, model } },
  }
}

/** A hash of what decides the answers: the server, the model's name there, the tokenizer's files and the arguments. */
export async function fingerprintOf(
  name: string,
  { address, model }: OpenServer,
  args: ServerArguments,
  tokenizerFiles: readonly (string | null)[],
): Promise<string> {
  const { base_url: _, ca_cert_path: __, max_retries: ___, num_concurrent: ____, timeout: _____, ...rest } = args
  const files = await Promise.all(
    tokenizerFiles.map(async (path) => (path === null ? null : sha256(await readFile(path)))),
  )
  const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(JSON.stringify([name, address, args.base_url, model, sorted, files]))
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function addressOf(name: string, baseUrl: string | undefined): URL {
  const path = name.includes('chat') ? 'chat/completions' : 'completions'
  const example = `http://localhost:8000/v1/${path}`
  if (baseUrl === undefined)
    throw new InputError(sentence`${option('model')} ${name} needs ${option('modelArgs')} base_url=…, as in ${example}`)
  const address = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  if (address === null || !/^https?:$/.test(address.protocol))
    throw new InputError(
      sentence`${option('modelArgs')}: base_url is no address of a server; it is written as ${example}`,
    )
  return address
}

/** As lm_eval: `header` in place of the key of OPENAI_API_KEY; else user and password of the address. */
function headersOf(given: unknown, address: URL): Readonly<Record<string, string>> {
  if (given !== undefined) {
    const entries = Object.entries(given as Readonly<Record<string, unknown>>)
    if (entries.some(([, value]) => typeof value !== 'string'))
      throw new InputError(sentence`${option('modelArgs')}: header holds a value that is not a text`)
    const headers = Object.fromEntries(entries) as Record<string, string>
    const wrong = entries.find(
      ([name, value]) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value as string),
    )
    if (wrong)
      throw new InputError(sentence`${option('modelArgs')}: header holds a name or a value that HTTP does not allow`)
    return headers
  }
  const key = process.env.OPENAI_API_KEY ?? ''
  if (/[^\t\x20-\x7e]/.test(key)) throw new InputError('OPENAI_API_KEY holds characters that HTTP does not allow')
  if (key !== '') return { authorization: `Bearer ${key}` }
  if (address.username === '') return {}
  const pair = `${decoded(address.username)}:${decoded(address.password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

async function certificates(path: string, address: URL): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new InputError(sentence`${option('modelArgs')}: ca_cert_path ${path} cannot be read`, { cause })
  }
  if (address.protocol !== 'https:')
    throw new InputError(
      sentence`${option('modelArgs')}: ca_cert_path cannot take effect with base_url at ${address.protocol}//`,
    )
  try {
    new X509Certificate(text)
  } catch (cause) {
    throw new InputError(sentence`${option('modelArgs')}: ca_cert_path ${path} holds no certificate in PEM`, { cause })
  }
  return text
}

/** Requests in one call: --batch_size, 1 for "auto" as in lm_eval. */
function sizeOf(batchSize: string, notice: ModelContext['notice']): number {
  if (/^auto/.test(batchSize)) {
    notice(sentence`a server measures no batch size, so ${option('batchSize')} auto is 1`, 'warning')
    return 1
  }
  const size = Number(batchSize)
  if (Number.isInteger(size) && size > 0) return size
  throw new InputError(sentence`${option('batchSize')} ${batchSize}: expected a whole number from 1, or auto`)
}
