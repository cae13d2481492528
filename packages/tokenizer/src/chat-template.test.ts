import { readFileSync } from 'node:fs'
import { parseJson } from '@saeval/python/internal/json/json'
import type { PyDict } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { createChatTemplate, type TemplateTokens } from './chat-template.js'

/** Made by tools/goldens/chat-templates.py with transformers 5.18. */
const json = readFileSync(new URL('./chat-template.golden.json', import.meta.url), 'utf8')
const golden = JSON.parse(json) as {
  templates: Record<string, string>
  chats: Record<string, { role: 'user'; content: string }[]>
  cases: [string, string, boolean, boolean, string, string | { error: string }][]
}

// with Python's values: 1.0 is no 1
const args = (parseJson(json) as PyDict).get('args') as ReadonlyMap<string, PyDict>

const token = (text: string) => ({ text, id: 0 })
const tokens = (chatTemplateSource: string | null): TemplateTokens => ({
  chatTemplateSource,
  bos: token('<s>'),
  eos: token('</s>'),
  unk: token('<unk>'),
  pad: token('<pad>'),
})

describe('chat templates', () => {
  it('render as transformers renders them, or raise where it raises', () => {
    const opened = new Map<string, ReturnType<typeof createChatTemplate>>()
    const open = (name: string, given: string) => {
      const key = `${name} ${given}`
      if (!opened.has(key)) opened.set(key, createChatTemplate(tokens(golden.templates[name]!), args.get(given)!))
      return opened.get(key)!
    }
    const wrong = golden.cases.filter(([name, chat, addGenerationPrompt, continueFinalMessage, given, expected]) => {
      let rendered: string | null
      try {
        rendered = open(name, given).render(golden.chats[chat]!, { addGenerationPrompt, continueFinalMessage })
      } catch (error) {
        expect((error as Error).name).toBe('InputError')
        rendered = null
      }
      return rendered !== (typeof expected === 'string' ? expected : null)
    })
    expect(wrong).toEqual([])
    expect(golden.cases.length).toBeGreaterThan(800)
  })

  it('define no name for a token that the tokenizer lacks, and give it the padding token of lm_eval', () => {
    const source = '{{ bos_token is defined }} {{ pad_token }} {{ sep_token }}'
    const template = createChatTemplate({
      ...tokens(source),
      bos: null,
      pad: null,
      otherTokens: { sep_token: '[SEP]' },
    })!
    expect(
      template.render([{ role: 'user', content: 'x' }], { addGenerationPrompt: true, continueFinalMessage: false }),
    ).toBe('False <unk> [SEP]')
  })

  it('are those named tool_use where tools are given', () => {
    const both = { ...tokens('plain'), toolTemplateSource: 'tools' }
    const tools = new Map([['tools', [new Map([['name', 'add']])]]])
    const render = (args: PyDict) =>
      createChatTemplate(both, args)!.render([{ role: 'user', content: '' }], {
        addGenerationPrompt: true,
        continueFinalMessage: false,
      })
    expect([render(new Map()), render(tools)]).toEqual(['plain', 'tools'])
  })

  it('know the time', () => {
    const source =
      "{{ strftime_now('%Y') | length }} {{ strftime_now('%A') in 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday' }}"
    const template = createChatTemplate(tokens(source))!
    expect(
      template.render([{ role: 'user', content: '' }], { addGenerationPrompt: true, continueFinalMessage: false }),
    ).toBe('4 True')
  })

  it('refuse names that belong to apply_chat_template itself', () => {
    expect(() => createChatTemplate(tokens('x'), new Map([['add_generation_prompt', true]]))).toThrow(
      'chat_template_args: add_generation_prompt cannot be set',
    )
    expect(() => createChatTemplate(tokens('x'), new Map([['tools', 'a']]))).toThrow('tools must be a list of objects')
  })

  it('are null for a tokenizer without one', () => {
    expect(createChatTemplate(tokens(null))).toBeNull()
  })
})
