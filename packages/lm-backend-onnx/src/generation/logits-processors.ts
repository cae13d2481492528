import { InputError } from '@saeval/hub'
import type { DecodingSettings } from './resolve-settings.js'

/** A text under way, at the moment that its next token is chosen. */
export interface TextSoFar {
  /** Tokens of the prompt and new ones. */
  readonly ids: readonly number[]
  readonly promptLength: number
  /** Tokens that the text has at most, the prompt's included. */
  readonly maxLength: number
}

/** Changes logits [vocab] before a token is chosen among them. */
export interface LogitsProcessor {
  /** Whether it may change anything at this token; where none does, no logits are needed. */
  acts(text: TextSoFar): boolean
  apply(logits: Float32Array, text: TextSoFar): void
}

const always = () => true
const { fround } = Math

/**
 * The processors of transformers 5.18 that settings ask for, in its order (GenerationMixin._get_logits_processor, logits_process.py).
 * Arithmetic is float32, as there. Throws InputError for token ids outside the vocabulary, and where a setting needs an end-of-text token
 * that the model's files do not name.
 */
export function logitsProcessors(settings: DecodingSettings, vocabSize: number): LogitsProcessor[] {
  const ends = listOf(settings.eos_token_id)
  const check = (name: string, ids: readonly number[]) => {
    const wrong = ids.find((id) => id >= vocabSize)
    if (wrong !== undefined)
      throw new InputError(`${name} names token ${wrong}, outside the model's vocabulary of ${vocabSize} tokens`)
    return ids
  }
  const found: LogitsProcessor[] = []
  const {
    sequence_bias: biases,
    bad_words_ids: badWords,
    encoder_repetition_penalty: encoderPenalty,
    repetition_penalty: penalty,
    no_repeat_ngram_size: ngram,
    encoder_no_repeat_ngram_size: encoderNgram,
    min_length: minLength,
    min_new_tokens: minNewTokens,
    forced_bos_token_id: forcedBos,
    forced_eos_token_id: forcedEos,
    exponential_decay_length_penalty: decay,
    suppress_tokens: suppressed,
    begin_suppress_tokens: suppressedFirst,
  } = settings
  if (biases) found.push(sequenceBias(biases.map(([ids, bias]) => [check('sequence_bias', ids), bias])))
  if (encoderPenalty)
    found.push(repetitionPenalty(1 / encoderPenalty, ({ ids, promptLength }) => ids.slice(0, promptLength)))
  if (penalty) found.push(repetitionPenalty(penalty, ({ ids }) => ids))
  if (ngram) found.push(noRepeat(ngram, ({ ids }) => ids))
  if (encoderNgram) found.push(noRepeat(encoderNgram, ({ ids, promptLength }) => ids.slice(0, promptLength)))
  if (badWords) {
    // the end of a text is no bad word
    const words = badWords.filter((ids) => !(ids.length === 1 && ends.includes(ids[0]!)))
    if (words.length > 0)
      found.push(sequenceBias(words.map((ids) => [check('bad_words_ids', ids), Number.NEGATIVE_INFINITY])))
  }
  // what forbids nothing would take every token's logits off the device
  if (minLength && ends.length > 0) found.push(suppress(ends, ({ ids }) => ids.length < minLength))
  if (minNewTokens && ends.length > 0)
    found.push(suppress(ends, ({ ids, promptLength }) => ids.length - promptLength < minNewTokens))
  if (forcedBos !== undefined)
    found.push(force(check('forced_bos_token_id', [forcedBos]), ({ ids }) => ids.length === 1))
  if (forcedEos !== undefined)
    found.push(
      force(check('forced_eos_token_id', listOf(forcedEos)), ({ ids, maxLength }) => ids.length === maxLength - 1),
    )
  if (settings.remove_invalid_values) found.push(removeInvalid)
  if (decay) {
    if (ends.length === 0)
      throw new InputError('exponential_decay_length_penalty needs an end-of-text token: give eos_token_id')
    found.push(decayLength(decay, check('eos_token_id', ends)))
  }
  if (suppressed?.length) found.push(suppress(suppressed, always))
  if (suppressedFirst?.length) {
    const first = ({ promptLength }: TextSoFar) =>
      promptLength > 1 || forcedBos === undefined ? promptLength : promptLength + 1
    found.push(suppress(suppressedFirst, (text) => text.ids.length === first(text)))
  }
  return found
}

/** The ids of a setting that is one of them or a list. */
export function listOf(ids: number | readonly number[] | undefined): readonly number[] {
  return ids === undefined ? [] : typeof ids === 'number' ? [ids] : ids
}

/** Adds each sequence's bias to its last token where the text ends with those before it. */
function sequenceBias(given: readonly (readonly [readonly number[], number])[]): LogitsProcessor {
  // of equal sequences the last one counts
  const biases = [...new Map(given.map((pair) => [pair[0].join(), pair])).values()]
  return {
    acts: always,
    apply: (logits, { ids }) => {
      const sums = new Map<number, number>()
      for (const [sequence, bias] of biases) {
        const [before, last] = [sequence.length - 1, sequence.at(-1)!]
        const start = ids.length - before
        if (start < 0 || !sequence.every((id, at) => at === before || id === ids[start + at])) continue
        sums.set(last, fround((sums.get(last) ?? 0) + fround(bias)))
      }
      for (const [id, bias] of sums) logits[id]! += bias
    },
  }
}

/** Divides logits above 0 of tokens that are there, multiplies the others. */
function repetitionPenalty(penalty: number, there: (text: TextSoFar) => readonly number[]): LogitsProcessor {
  const factor = fround(penalty)
  return {
    acts: always,
    apply: (logits, text) => {
      for (const id of new Set(there(text))) {
        const logit = logits[id]!
        logits[id] = logit < 0 ? logit * factor : logit / factor
      }
    },
  }
}

/** Forbids tokens that would end a sequence of `size` tokens that is among those `there`. */
function noRepeat(size: number, there: (text: TextSoFar) => readonly number[]): LogitsProcessor {
  return {
    acts: ({ ids }) => ids.length >= size - 1,
    apply: (logits, text) => {
      const before = text.ids.slice(text.ids.length + 1 - size)
      const ids = there(text)
      for (let end = size - 1; end < ids.length; end++)
        if (before.every((id, at) => id === ids[end + 1 - size + at])) logits[ids[end]!] = Number.NEGATIVE_INFINITY
    },
  }
}

function suppress(ids: readonly number[], acts: (text: TextSoFar) => boolean): LogitsProcessor {
  return {
    acts,
    apply: (logits) => {
      for (const id of ids) if (id < logits.length) logits[id] = Number.NEGATIVE_INFINITY
    },
  }
}

function force(ids: readonly number[], acts: (text: TextSoFar) => boolean): LogitsProcessor {
  return {
    acts,
    apply: (logits) => {
      logits.fill(Number.NEGATIVE_INFINITY)
      for (const id of ids) logits[id] = 0
    },
  }
}

const largest = fround(3.4028234663852886e38)

/** Infinite logits become the largest numbers that there are. */
const removeInvalid: LogitsProcessor = {
  acts: always,
  apply: (logits) => {
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id]!
      if (Number.isNaN(logit)) logits[id] = 0
      else if (logit === Number.POSITIVE_INFINITY) logits[id] = largest
      else if (logit === Number.NEGATIVE_INFINITY) logits[id] = -largest
    }
  },
}

/** After `start` new tokens the ends of a text gain |logit| * (factor ^ tokens since then - 1). */
function decayLength([start, factor]: readonly [number, number], ends: readonly number[]): LogitsProcessor {
  return {
    acts: ({ ids, promptLength }) => ids.length - promptLength > start,
    apply: (logits, { ids, promptLength }) => {
      const gain = fround(factor ** (ids.length - promptLength - start) - 1)
      for (const id of new Set(ends)) logits[id]! += fround(Math.abs(logits[id]!) * gain)
    },
  }
}
