import { Template } from '@huggingface/jinja'
import type { ChatMessage, ChatTemplate } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { Tokenizer } from './tokenizer.js'

/** The tokenizer's chat template, rendered as transformers' apply_chat_template does; null where it has none. */
export function createChatTemplate(tokenizer: Tokenizer): ChatTemplate | null {
  const source = tokenizer.chatTemplateSource
  if (source === null) return null
  let template: Template | null = null
  const render = (messages: readonly ChatMessage[], addGenerationPrompt: boolean): string => {
    try {
      template ??= new Template(source)
      return template.render({
        messages: messages.map((message) => ({ ...message })),
        add_generation_prompt: addGenerationPrompt,
        bos_token: tokenizer.bos?.text ?? '',
        eos_token: tokenizer.eos?.text ?? '',
        unk_token: tokenizer.unk?.text ?? '',
        pad_token: tokenizer.pad?.text ?? '',
      })
    } catch (cause) {
      throw new InputError(
        `the model's chat template cannot render these messages: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      )
    }
  }
  return {
    source,
    render: (messages, { addGenerationPrompt, continueFinalMessage }) => {
      const text = render(messages, addGenerationPrompt)
      if (!continueFinalMessage) return text
      // everything after the last message's text is the template's end of turn
      const last = messages.at(-1)?.content.trim() ?? ''
      const at = text.lastIndexOf(last)
      if (at < 0)
        throw new InputError("the model's chat template does not contain the last message, so it cannot be continued")
      return text.slice(0, at + last.length)
    },
  }
}
