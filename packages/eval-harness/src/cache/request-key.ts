import { defaultSeed, type ModelRequest, type RequestOptions } from '@saeval/language-model'
import { storeKey } from './store.js'

/** What of a request decides its answer; a sampled text depends on its draw too. */
export function keyParts(request: ModelRequest, { seed = defaultSeed }: RequestOptions): readonly unknown[] {
  switch (request.type) {
    case 'loglikelihood':
      return [request.context, request.continuation]
    case 'loglikelihood_rolling':
      return [request.text]
    case 'generate_until': {
      const { context, until, maxGenToks, doSample, temperature, settings = {}, draw } = request
      const sampling = doSample ? [temperature, seed, draw] : []
      const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))
      return [context, until, maxGenToks, sorted, ...sampling]
    }
  }
}

/** Names a block of requests, which are of one type, by everything that decides its answers but the model: sha256 in hex. */
export function blockId(requests: readonly ModelRequest[], options: RequestOptions): string {
  return storeKey(['block', requests[0]?.type ?? null, requests.map((request) => keyParts(request, options))])
}
