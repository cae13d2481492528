import { PyFloat } from '@saeval/python/internal/values/value'
import yaml from 'js-yaml'

const mark = 'key '

/** Stands for `<<` among the keys of a mapping. */
export class MergeKey {}

/**
 * A node of a YAML file on its way through js-yaml, which makes objects of mappings: as a key it writes itself as its place in `keys`, so
 * that keys stay in order and keep their type.
 */
export class YamlNode {
  /** `value` is what js-yaml made of the node that ends in this line. */
  constructor(
    readonly value: unknown,
    readonly line: number,
    readonly keys: unknown[],
  ) {}

  /** Without it, js-yaml writes every object as the same key. */
  get [Symbol.toStringTag](): string {
    return 'YamlNode'
  }

  /** The node as a key. Throws YAMLException for what Python cannot hash. */
  toString(): string {
    const { value } = this
    if (typeof value === 'object' && value !== null && !(value instanceof PyFloat || value instanceof MergeKey))
      throw new yaml.YAMLException('a mapping has a key that is neither a text nor a number, a truth value or null', {
        line: this.line,
      } as yaml.Mark)
    return `${mark}${this.keys.push(value) - 1}`
  }

  /** The key behind the text of one; where there is none js-yaml writes null. */
  static keyOf(text: string, keys: readonly unknown[]): unknown {
    return text.startsWith(mark) ? keys[Number(text.slice(mark.length))] : null
  }
}
