import { InputError } from '@saeval/hub'
import type { ChatMessage, ChatTemplate, SpecialToken } from '@saeval/language-model'
import {
  fromPlain,
  makeChatTemplate,
  type PyDict,
  PythonError,
  type PyValue,
  strip,
  type Template,
} from '@saeval/python/templates'
import type { Tokenizer } from './tokenizer.js'

/** What a chat template sees of a tokenizer. */
export type TemplateTokens = Pick<Tokenizer, 'chatTemplateSource' | 'bos' | 'eos' | 'unk' | 'pad'> &
  Partial<Pick<Tokenizer, 'otherTokens' | 'toolTemplateSource'>>

/** Names that a template gets from elsewhere, or that are settings of apply_chat_template and not names. */
const taken = new Set(
  'messages conversation conversations add_generation_prompt continue_final_message tokenize return_dict chat_template padding truncation max_length return_tensors return_assistant_tokens_mask tokenizer_kwargs'.split(
    ' ',
  ),
)

/** transformers' mark of the place where the last message ends. */
const continueTag = 'CONTINUE_FINAL_MESSAGE_TAG '

/**
 * The tokenizer's chat template, rendered as transformers' apply_chat_template does; null where it has none. `args` are lm_eval's
 * chat_template_args: further names, tools and documents. Throws InputError for names that cannot be given, and from render for messages that
 * the template cannot render, with the PythonError as its cause.
 */
export function createChatTemplate(tokenizer: TemplateTokens, args: PyDict = new Map()): ChatTemplate | null {
  for (const name of args.keys())
    if (taken.has(name)) throw new InputError(`chat_template_args: ${name} cannot be set for a chat template`)
  checkLists(args)
  const forTools = (args.get('tools') ?? null) === null ? null : (tokenizer.toolTemplateSource ?? null)
  const source = forTools ?? tokenizer.chatTemplateSource
  if (source === null) return null
  const names = new Map<string, PyValue>([['tools', null], ['documents', null], ...tokensOf(tokenizer), ...args])
  let template: Template | null = null
  const render = (messages: readonly ChatMessage[], addGenerationPrompt: boolean): string => {
    if (messages.length === 0) throw new InputError('a chat template cannot render an empty conversation')
    template ??= makeChatTemplate(source)
    const list = messages.map((message) => fromPlain(message))
    return template(new Map([...names, ['messages', list], ['add_generation_prompt', addGenerationPrompt]]))
  }
  return {
    source,
    render: (messages, { addGenerationPrompt, continueFinalMessage }) => {
      try {
        return continueFinalMessage
          ? continued(messages, source, (marked) => render(marked, addGenerationPrompt))
          : render(messages, addGenerationPrompt)
      } catch (cause) {
        if (!(cause instanceof PythonError)) throw cause
        throw new InputError(`the model's chat template cannot render these messages: ${cause.message}`, { cause })
      }
    },
  }
}

/** Special tokens under the names that transformers gives them; a tokenizer that lacks one does not define its name. */
function tokensOf({ bos, eos, unk, pad, otherTokens = {} }: TemplateTokens): [string, PyValue][] {
  // lm_eval gives a tokenizer without a padding token one: the unknown token, else that of the end, else a new one
  const padding = pad?.text ?? unk?.text ?? eos?.text ?? '<|pad|>'
  const named: readonly (readonly [string, SpecialToken | null])[] = [
    ['bos_token', bos],
    ['eos_token', eos],
    ['unk_token', unk],
  ]
  return [
    ...named.flatMap(([name, token]): [string, PyValue][] => (token === null ? [] : [[name, token.text]])),
    ['pad_token', padding],
    ...Object.entries(otherTokens),
  ]
}

function checkLists(args: PyDict): void {
  for (const name of ['tools', 'documents']) {
    const value = args.get(name) ?? null
    if (value !== null && !(Array.isArray(value) && value.every((item: PyValue) => item instanceof Map)))
      throw new InputError(`chat_template_args: ${name} must be a list of objects`)
  }
}

/**
 * Everything up to the end of the last message's text, by transformers' algorithm (render_jinja_template): the message is rendered with a mark
 * behind it. Where the template keeps the blank in the mark, white space before it stays; where it trims, the text is trimmed too.
 */
function continued(
  messages: readonly ChatMessage[],
  source: string,
  render: (messages: readonly ChatMessage[]) => string,
): string {
  const last = messages.at(-1)
  if (last === undefined) throw new InputError('a chat template cannot render an empty conversation')
  if (!source.includes('content'))
    throw new InputError("the model's chat template does not use the content of messages, so none can be continued")
  const text = render([...messages.slice(0, -1), { ...last, content: last.content + continueTag }])
  const mark = continueTag.trim()
  const at = text.lastIndexOf(mark)
  if (!text.includes(strip(last.content, 'both')) || at < 0)
    throw new InputError("the model's chat template does not contain the last message, so it cannot be continued")
  return text.startsWith(continueTag, at) ? text.slice(0, at) : strip(text.slice(0, at), 'right')
}
