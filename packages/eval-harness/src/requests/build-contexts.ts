import type { ChatMessage, ChatTemplate } from '@saeval/language-model'
import { isJinjaError } from '@saeval/python/internal/templates/chat-template'
import { pyStr } from '@saeval/python/internal/text/text'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import { DocFieldError, docToChoice, docToPlainText, docToTarget, docToText } from '../documents/doc-fields.js'
import { type Message, maybeDelimit, multiTurn, needsDelimiter, plainText, singleTurn } from './message.js'
import { question, type Task } from './task.js'

/** What a run puts around every task's questions. */
export interface PromptOptions {
  /** --system_instruction. */
  readonly systemInstruction: string | null
  /** --apply_chat_template; null writes plain text. */
  readonly chat: { readonly template: ChatTemplate; readonly fewshotAsMultiturn: boolean } | null
}

/**
 * The prompt of a document, as lm_eval's fewshot_context builds it: system instruction and description, few-shot examples, question. One
 * text, or one for each choice when the choices are the questions. Few-shot draws follow the order of the calls.
 */
export async function buildContexts(task: Task, doc: PyDict, options: PromptOptions): Promise<string[]> {
  const { config } = task
  const genPrefix = docToPlainText('gen_prefix', config.genPrefix, doc)
  const before = [...systemTurn(task, doc, options), ...(await fewshotTurns(task, doc))]
  const turn = { genPrefix, answer: null, fewshotDelimiter: '' }
  const turns = task.multipleInput
    ? (await docToChoice(task.rules.choice, doc, task)).map((choice) =>
        questionTurns({ ...turn, question: choice, targetDelimiter: '' }),
      )
    : [questionTurns({ ...turn, question: await question(task, doc), targetDelimiter: config.targetDelimiter })]
  return turns.map((own) => render([...before, ...own], genPrefix, options))
}

function systemTurn({ config }: Task, doc: PyDict, { systemInstruction }: PromptOptions): Message[] {
  const description = docToPlainText('description', config.description, doc)
  const content = maybeDelimit(systemInstruction ?? '', description, config.fewshotDelimiter)
  return content === '' ? [] : [{ role: 'system', content, delimiter: '' }]
}

async function fewshotTurns(task: Task, evalDoc: PyDict): Promise<Message[]> {
  const { config, rules, sampler, multipleInput } = task
  if (sampler === null) return []
  const { fewshot } = config
  // the document may be in the pool only when both are of one split (or neither names one)
  const excluded = fewshot.split === config.testSplit ? evalDoc : null
  const turns: Message[] = []
  for (const doc of sampler.sample(config.numFewshot ?? 0, excluded)) {
    const text = await docToText(rules.fewshot.text ?? rules.text, doc, task)
    const choices = rules.fewshot.choice === null ? null : await docToChoice(rules.fewshot.choice, doc, task)
    const target = await docToTarget(rules.fewshot.target ?? rules.target, doc, task)
    const index = typeof text === 'boolean' ? Number(text) : text
    turns.push(
      ...questionTurns({
        question: multipleInput && typeof index === 'number' ? (choices?.at(index) ?? null) : text,
        answer: answerText(target, multipleInput ? null : choices),
        genPrefix: docToPlainText('fewshot_config.gen_prefix', fewshot.genPrefix, doc),
        targetDelimiter: fewshot.targetDelimiter,
        fewshotDelimiter: fewshot.fewshotDelimiter,
      }),
    )
  }
  return turns
}

/** The answer of an example; null where it has none. */
function answerText(target: PyValue, choices: readonly PyValue[] | null): string | null {
  if (target === null || target === '') return null
  const index = typeof target === 'boolean' ? Number(target) : target
  const indexed = choices !== null && choices.length > 0 && typeof index === 'number'
  const answer = indexed ? choices.at(index) : Array.isArray(target) ? target[0] : target
  if (typeof answer === 'string') return answer
  throw new DocFieldError(`the answer of a few-shot example is not a text: ${pyStr(target)}`)
}

interface Turn {
  readonly question: PyValue
  readonly answer: string | null
  readonly genPrefix: string
  readonly targetDelimiter: string
  readonly fewshotDelimiter: string
}

function questionTurns({ question, answer, genPrefix, targetDelimiter, fewshotDelimiter }: Turn): Message[] {
  if (typeof question !== 'string') throw new DocFieldError(`the question is not a text: ${pyStr(question)}`)
  const answered = answer !== null
  const seam = genPrefix === '' ? answered : needsDelimiter(question, genPrefix)
  const user: Message = { role: 'user', content: question, delimiter: seam ? targetDelimiter : '' }
  // prefix and answer are always joined by a space
  if (answered)
    return [user, { role: 'assistant', content: maybeDelimit(genPrefix, answer, ' '), delimiter: fewshotDelimiter }]
  return genPrefix === '' ? [user] : [user, { role: 'assistant', content: genPrefix, delimiter: '' }]
}

function render(messages: readonly Message[], genPrefix: string, { chat }: PromptOptions): string {
  if (chat === null) return plainText(messages)
  const turns = chat.fewshotAsMultiturn ? multiTurn(messages) : singleTurn(messages)
  const renderTurns = (list: readonly ChatMessage[]) =>
    chat.template.render(list, { addGenerationPrompt: genPrefix === '', continueFinalMessage: genPrefix !== '' })
  try {
    return renderTurns(turns)
  } catch (error) {
    // templates of models without a system role raise; lm_eval then leaves that turn out. What else goes wrong stays an error
    const rest = turns.filter(({ role }) => role !== 'system')
    if (rest.length === turns.length || !isJinjaError((error as Error).cause)) throw error
    return renderTurns(rest)
  }
}
