import {
  type Attribute,
  type ElementType,
  encodeModel,
  type Initializer,
  type Node,
  type OnnxModel,
  type StoredInitializer,
  type Subgraph,
  type ValueInfo,
} from './encode-model.js'
import { olderNodes } from './older-nodes.js'

/** Name of a tensor inside the graph being built. */
export type Value = string

const ownOpset = 23

/** What a graph takes over from a file, beside nodes and constants. */
export type FileVersions = Pick<OnnxModel, 'opset' | 'imports' | 'functions'>

/** Collects nodes, constants, inputs and outputs of one graph; every method that makes a tensor returns its name. */
export class GraphBuilder {
  readonly #weightNodes: Node[] = []
  #nodes: Node[] = []
  readonly #initializers = new Map<string, Initializer | StoredInitializer>()
  readonly #fromFile = new Set<Node>()
  readonly #versions: FileVersions
  readonly #inputs: ValueInfo[] = []
  readonly #outputs: ValueInfo[] = []
  #count = 0

  /** Versions of a file whose nodes the graph takes over; its own are written for them. */
  constructor(versions: FileVersions = { opset: ownOpset }) {
    this.#versions = versions
  }

  input(name: string, type: ElementType, shape: readonly (number | string)[]): Value {
    this.#inputs.push({ name, type, shape })
    return name
  }

  /** An input that several parts of the graph read: declared by the first. */
  inputOnce(name: string, type: ElementType, shape: readonly (number | string)[]): Value {
    return this.#inputs.some((input) => input.name === name) ? name : this.input(name, type, shape)
  }

  output(value: Value, name: string, type: ElementType, shape: readonly (number | string)[]): void {
    this.#nodes.push({ op: 'Identity', name: `output.${name}`, inputs: [value], outputs: [name], attributes: {} })
    this.#outputs.push({ name, type, shape })
  }

  /** A node whose one output is an output of the graph, without a copy: others may read it too. */
  outputNode(
    op: string,
    inputs: readonly Value[],
    name: string,
    type: ElementType,
    shape: readonly (number | string)[],
  ): Value {
    this.#nodes.push({ op, name: `output.${name}`, inputs, outputs: [name], attributes: {} })
    this.#outputs.push({ name, type, shape })
    return name
  }

  /** A node of a file, as it is. */
  fileNode(node: Node): void {
    this.#fromFile.add(node)
    this.#nodes.push(node)
  }

  /** A node with one output. */
  node(op: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    return this.nodes(op, inputs, 1, attributes)[0] as Value
  }

  /** A node with several outputs. */
  nodes(
    op: string,
    inputs: readonly Value[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    const name = `${op}_${this.#count++}`
    const values = Array.from({ length: outputs }, (_, index) => (index === 0 ? name : `${name}:${index}`))
    this.#nodes.push({ op, name, inputs, outputs: values, attributes })
    return values
  }

  /**
   * A node with one output that depends on constants alone. It stands before all others: onnxruntime's order of computation is a depth-first
   * search from the outputs that enters nodes with high numbers first, so what stands first is computed right before its first use and its
   * result freed right after. In the order of the text, all weights would be converted before anything else is computed.
   */
  weightNode(op: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const name = `${op}_${this.#count++}`
    this.#weightNodes.push({ op, name, inputs, outputs: [name], attributes })
    return name
  }

  /** A float32 value from one of two branches; what they build stays inside and is computed only when taken. */
  choose(condition: Value, shape: readonly (number | string)[], then: () => Value, otherwise: () => Value): Value {
    const branches = {
      then_branch: { graph: this.#subgraph([], then, shape) },
      else_branch: { graph: this.#subgraph([], otherwise, shape) },
    }
    return this.node('If', [condition], branches)
  }

  /**
   * What `each` makes of one part after the other of a value [parts, ...], of the given shape and not empty, as [parts, ...] (onnxruntime ends the
   * process where it stacks empty values on another axis). A part is a view, and what is computed for it is gone before the next.
   */
  forEachPart(
    value: Value,
    part: Omit<ValueInfo, 'name'>,
    shape: readonly (number | string)[],
    each: (part: Value) => Value,
  ): Value {
    const name = `part_${this.#count++}`
    // onnxruntime takes sizes of one name for equal
    const own = shape.map((size) => (typeof size === 'string' ? `${name}.${size}` : size))
    const body = { graph: this.#subgraph([{ name, ...part }], () => each(name), own) }
    return this.node('Scan', [value], { body, num_scan_inputs: 1 })
  }

  /** Adds a constant once; a second one of the same name must be the same tensor. */
  initializer(initializer: Initializer | StoredInitializer): Value {
    this.#initializers.set(initializer.name, initializer)
    return initializer.name
  }

  /** A float32 constant given by its numbers. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[]): Value {
    const array = Float32Array.from(values)
    return this.#inline('float32', shape, new Uint8Array(array.buffer))
  }

  /** An int64 constant given by its numbers. */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    const array = BigInt64Array.from(values, BigInt)
    return this.#inline('int64', shape, new Uint8Array(array.buffer))
  }

  scalar(value: number): Value {
    return this.floats([value], [])
  }

  build(): Uint8Array {
    const nodes = [...this.#weightNodes, ...this.#nodes]
    const { opset } = this.#versions
    return encodeModel({
      ...this.#versions,
      nodes: nodes.flatMap((node) =>
        this.#fromFile.has(node) ? [node] : olderNodes(node, opset, (name) => this.#initializers.get(name)),
      ),
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    })
  }

  #subgraph(inputs: readonly ValueInfo[], build: () => Value, shape: ValueInfo['shape']): Subgraph {
    const outside = this.#nodes
    this.#nodes = []
    try {
      const name = `branch_${this.#count++}`
      const nodes = this.#nodes
      nodes.push({ op: 'Identity', name, inputs: [build()], outputs: [name], attributes: {} })
      return { nodes, inputs, outputs: [{ name, type: 'float32', shape }] }
    } finally {
      this.#nodes = outside
    }
  }

  #inline(type: ElementType, shape: readonly number[], data: Uint8Array): Value {
    return this.initializer({ name: `constant_${this.#count++}`, type, shape, data })
  }
}
