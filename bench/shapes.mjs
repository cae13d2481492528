// Requests of the shape that tasks have, in random words; the same at every run.

/** Random words from a seed. Most are one to three tokens of make-model's tokenizer. */
function writer(seed) {
  let state = seed
  const below = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const words = Array.from({ length: 400 }, () =>
    Array.from({ length: 2 + below(5) }, () => 'etaoinshrdlcumwf'[below(16)]).join(''),
  )
  return { below, text: (count) => Array.from({ length: count }, () => words[below(words.length)]).join(' ') }
}

/** Multiple choice with one-token answers after `shots` examples, as MMLU: a subject's preamble, a question with choices, " A" to " D". */
export function mmlu({ shots, questions, questionWords = 30, seed = 1 }) {
  const { below, text } = writer(seed)
  const question = () =>
    `${text(questionWords - 8 + below(17))}\n${['A', 'B', 'C', 'D'].map((letter) => `${letter}. ${text(1 + below(4))}`).join('\n')}\nAnswer:`
  const description = `The following are multiple choice questions about ${text(2)}.\n\n`
  const examples = Array.from({ length: shots }, () => `${question()} A\n\n`).join('')
  return Array.from({ length: questions }, () => description + examples + question()).flatMap((context) =>
    ['A', 'B', 'C', 'D'].map((letter) => ({ type: 'loglikelihood', context, continuation: ` ${letter}` })),
  )
}

/** A context and four long continuations, as HellaSwag. */
export function hellaswag({ documents, seed = 2 }) {
  const { below, text } = writer(seed)
  return Array.from({ length: documents }, () => text(25 + below(20))).flatMap((context) =>
    Array.from({ length: 4 }, () => ({ type: 'loglikelihood', context, continuation: ` ${text(10 + below(12))}` })),
  )
}

/** Prompts that begin with the same examples, as GSM8K, each to be continued by `newTokens` tokens, or by 1 to twice as many where lengths are mixed. */
export function generation({ prompts, shots, newTokens, mixed = false, seed = 3 }) {
  const { below, text } = writer(seed)
  const examples = Array.from({ length: shots }, () => `Question: ${text(30)}\nAnswer: ${text(30)}\n\n`).join('')
  return Array.from({ length: prompts }, (_, index) => ({
    context: `${examples}Question: ${text(20 + below(25))}\nAnswer:`,
    until: [],
    type: 'generate_until',
    maxGenToks: mixed ? 1 + ((index * 37) % (2 * newTokens)) : newTokens,
    doSample: false,
    temperature: 0,
  }))
}
