import { InputError, option, sentence } from '@saeval/hub'
import {
  type ChatMessage,
  type GenerateUntilRequest,
  type ModelFactory,
  type RequestOptions,
  readLists,
} from '@saeval/language-model'
import { chatArguments, readServerArguments } from './arguments.js'
import { inBatches } from './in-batches.js'
import { noText } from './local-completions.js'
import { choicesOf, messageTextOf } from './parse-answer.js'
import { beforeStops, generationPayload } from './payloads.js'
import { fingerprintOf, infoOf, openServerOf } from './server-model.js'

const name = 'local-chat-completions'
/** Stop texts that chat completions take at most. */
const mostStops = 4

/** lm_eval's `local-chat-completions`: a model behind OpenAI's chat completions, whose server has the chat template. */
export const localChatCompletions: ModelFactory = async (given, context) => {
  const args = readServerArguments(name, given, chatArguments)
  for (const argument of ['tokenizer', 'tokenized_requests', 'add_bos_token', 'custom_prefix_token_id'] as const)
    if (args[argument] !== undefined && args[argument] !== false)
      throw new InputError(
        sentence`${option('modelArgs')}: ${argument} cannot take effect with model ${name}: the server reads the texts`,
      )
  const open = await openServerOf(name, args, context)
  const { server, model, seed } = open
  if (open.batching.batchSize > 1) context.notice('chat completions take one conversation in a call', 'warning')
  const refuse = async (): Promise<never> => {
    throw new InputError(
      `model ${name} has no log-likelihoods: chat completions do not give those of the prompt; use local-completions, or tasks that are answered in text`,
    )
  }
  const write = (requests: readonly GenerateUntilRequest[], options: RequestOptions): Promise<string[]> => {
    const items = requests.map((request) => ({ request, messages: messagesOf(request.context) }))
    const signals = [open.signal, options.signal].filter((signal) => signal !== undefined)
    return inBatches(
      items,
      { ...open.batching, batchSize: 1 },
      () => '',
      async ([item], signal) => {
        const { request, messages } = item!
        const payload = generationPayload(request, args.eos_string ?? null)
        const stop = (payload.stop as readonly string[]).slice(0, mostStops)
        const answer = await server.ask({ messages, model, seed, ...payload, stop }, signal)
        const text = messageTextOf(choicesOf(answer, 1)[0]!) ?? noText(open)
        return [beforeStops(withoutThoughts(text, args.think_end_token), request.until)]
      },
      {
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      },
    )
  }
  return {
    info: infoOf(open, null, (args.max_length ?? 2048) - 1),
    // the server has the template: what is handed on is the conversation itself
    chatTemplate: { source: '', render: (messages) => JSON.stringify(messages) },
    read: readLists({
      loglikelihood: refuse,
      loglikelihood_rolling: refuse,
      generate_until: async (requests, options = {}) => write(requests, options),
    }),
    fingerprint: () => fingerprintOf(name, open, args, []),
    close: async () => server.close(),
  }
}

function messagesOf(context: string): readonly ChatMessage[] {
  try {
    const messages: unknown = JSON.parse(context)
    if (Array.isArray(messages) && messages.every((message) => typeof message === 'object' && message !== null))
      return messages as readonly ChatMessage[]
  } catch {
    // a plain text
  }
  throw new InputError(sentence`model ${name} takes conversations; add ${option('applyChatTemplate')}`)
}

/** The text after the last mark of the end of thinking, white space before it left out. */
function withoutThoughts(text: string, mark: string | undefined): string {
  return mark === undefined || mark === '' ? text : text.split(mark).at(-1)!.trimStart()
}
