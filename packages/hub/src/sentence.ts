/** An option of a function, or a function, that a sentence names. Who shows the sentence may have another name for it. */
export type Named = { readonly option: string } | { readonly call: string }

/** Words in which options and functions are things apart; `String(sentence)` names them as the library does. */
export class Sentence {
  constructor(readonly parts: readonly (string | Named)[]) {}

  /** The sentence with other names for options and functions. */
  with(nameOf: (named: Named) => string): string {
    return this.parts.map((part) => (typeof part === 'string' ? part : nameOf(part))).join('')
  }

  toString(): string {
    return this.with((named) => ('option' in named ? `\`${named.option}\`` : `${named.call}()`))
  }

  toJSON(): string {
    return this.toString()
  }

  /** The words, where console.log shows a sentence. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** What is said to a user: text, or a sentence that names options. */
export type Said = string | Sentence

/** Takes one line for the user; a warning where something may be otherwise than it was meant. */
export type Notice = (line: Said, importance?: 'warning') => void

/** An option, for `sentence`. */
export const option = (name: string): Named => ({ option: name })

/** A function that helps, for `sentence`. */
export const call = (name: string): Named => ({ call: name })

/** A template whose values are texts, numbers, options and functions; of sentences, and errors that have one, everything they name is kept. */
export function sentence(texts: TemplateStringsArray, ...values: readonly unknown[]): Sentence {
  return new Sentence(texts.flatMap((text, index) => [text, ...(index < values.length ? partsOf(values[index]) : [])]))
}

/** Several on lines of their own. */
export function lines(all: readonly Said[]): Sentence {
  return new Sentence(all.flatMap((said, index) => [...(index > 0 ? ['\n'] : []), ...partsOf(said)]))
}

/** Told by its fields, so that a sentence of another copy of this package counts too. */
function partsOf(value: unknown): readonly (string | Named)[] {
  if (typeof value !== 'object' || value === null) return [String(value)]
  if ('parts' in value) return (value as Sentence).parts
  if ('sentence' in value) return partsOf(value.sentence)
  if ('option' in value || 'call' in value) return [value as Named]
  return [value instanceof Error ? value.message : String(value)]
}

/** An error whose sentence may name options. */
export class SentenceError extends Error {
  readonly sentence: Sentence
  /** The option that it is about: the first that the sentence names. undefined where it names none. */
  readonly option: string | undefined

  constructor(said: Said, options?: ErrorOptions) {
    super(String(said), options)
    this.sentence = new Sentence(partsOf(said))
    this.option = this.sentence.parts
      .map((part) => (typeof part === 'object' && 'option' in part ? part.option : undefined))
      .find((name) => name !== undefined)
  }
}
