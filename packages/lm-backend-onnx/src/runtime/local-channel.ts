import type { Channel } from './channel.js'
import type { Engine } from './engine.js'
import type { Request } from './protocol.js'
import { TensorTable } from './tensor-table.js'

/** The way to an engine on the same thread. `table` shows what it holds; `pause` is waited for before each request. */
export function localChannel(
  engine: Engine,
  pause: () => Promise<void> = async () => {},
): Channel & { readonly table: TensorTable } {
  const table = new TensorTable(engine)
  let queue: Promise<unknown> = Promise.resolve()
  let isClosed = false
  return {
    table,
    send: (kind, request) => {
      const answer = queue.then(async () => {
        await pause()
        if (isClosed) throw new Error('the model was closed')
        return table.answer({ kind, id: 0, ...request } as Request)
      })
      queue = answer.catch(() => {})
      return answer as Promise<never>
    },
    close: async () => {
      isClosed = true
      await queue
      await engine.close()
    },
  }
}
