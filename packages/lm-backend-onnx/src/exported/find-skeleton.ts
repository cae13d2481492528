import type { FileInterface } from './file-interface.js'
import { isProjection, projectionWidth } from './projections.js'
import { nodesBefore, readsNumbers, type ValueGraph } from './value-graph.js'

/** A value of a file that is an activation. */
export interface Place {
  readonly value: string
  readonly width: number
  /** The nodes that an edit is for; null for all that read the value. */
  readonly only: ReadonlySet<number> | null
  /** Whether the value is [tokens, width] and not [batch, pos, width]. */
  readonly flat: boolean
}

/** The activations of one layer. Those of the residual stream and of its branches are always found. */
export interface LayerPlaces {
  /** null where attention and MLP run side by side. */
  readonly mid: Place | null
  readonly z: Place | null
  readonly attentionOut: Place
  readonly mlpIn: Place | null
  readonly normedIn: Place | null
  readonly post: Place | null
  readonly mlpOut: Place
  readonly residPost: Place
}

/** The residual stream of a file's graph, and what is added to it. */
export interface Skeleton {
  readonly dModel: number
  /** null where what enters the first layer is a sum of which no part is known to be rows of the embedding table. */
  readonly embed: Place | null
  /** What enters the first layer. */
  readonly first: Place
  readonly layers: readonly LayerPlaces[]
}

/** Operators that hand on their first input. */
const handing = new Set(['Identity', 'Cast', 'Dropout'])
/** Operators that change how the numbers of a token lie. */
const reshaping = new Set(['Reshape', 'Flatten'])
/** Operators that look up rows of a table: their first input; the rows are their second. */
const lookups = new Set(['Gather', 'com.microsoft.GatherBlockQuantized'])
const attentions = new Set([
  'Attention',
  'com.microsoft.Attention',
  'com.microsoft.MultiHeadAttention',
  'com.microsoft.GroupQueryAttention',
])

/** A branch of the stream: what is added to it, and the nodes between. */
interface Branch {
  readonly value: string
  /** What it is added to, and reads. */
  readonly stream: string
  readonly region: ReadonlySet<number>
  /** Layers whose keys and values it computes. */
  readonly layers: readonly number[]
  readonly isAttention: boolean
}

/** Where branches join the stream: after it the value is `sum`. */
interface Joint {
  readonly stream: string
  readonly branches: readonly Branch[]
  readonly sum: string
}

/**
 * Finds the residual stream in a graph without fused norms, by what hangs on what: it is the chain of additions of which one part hangs on the other.
 * Names of nodes are not looked at. A text says why there is none.
 */
export function findSkeleton(
  graph: ValueGraph,
  { logits, caches, tokens }: FileInterface,
  nLayers: number,
): Skeleton | string {
  const numbers = finder(graph, caches)
  const head = numbers.lastProjection(logits, new Set())
  if (head === null) return 'no product with a constant matrix makes its logits'
  const dModel = projectionWidth(graph, graph.nodes[head]!)
  if (dModel === null) return 'the size of the matrix that makes its logits is not known'
  const joints: Joint[] = []
  const last = numbers.lastJoint(graph.nodes[head]!.inputs[0]!)
  for (let joint = last; joint !== null; joint = numbers.jointAt(joint.stream)) joints.unshift(joint)
  if (joints.length === 0) return 'no chain of additions is found between its tokens and its logits'
  const place = (value: string): Place => ({ value, width: dModel, only: null, flat: false })
  const layers: LayerPlaces[] = []
  for (let at = 0; at < joints.length; at++) {
    const { stream, branches, sum } = joints[at]!
    const isSideBySide = branches.length === 2
    const next = isSideBySide ? joints[at]! : joints[++at]
    const attention = branches.find(({ isAttention }) => isAttention)
    const mlp = (isSideBySide ? branches : (next?.branches ?? [])).find(({ isAttention }) => !isAttention)
    if (next === undefined || attention === undefined || mlp === undefined)
      return `its additions are not those of attention and MLP in turn (layer ${layers.length})`
    if (caches.length > 0 && attention.layers.join() !== String(layers.length))
      return `the attention that comes as number ${layers.length} keeps the keys and values of layer ${attention.layers.join(', ') || 'none'}`
    const before = isSideBySide ? stream : sum
    const other = isSideBySide ? attention.region : null
    layers.push({
      mid: isSideBySide ? null : place(sum),
      z: numbers.outputOf(attention),
      attentionOut: place(attention.value),
      mlpIn: numbers.enters(mlp, before, other) ? { ...place(before), only: mlp.region } : null,
      normedIn: numbers.inputOf(mlp, other, dModel),
      post: numbers.outputOf(mlp),
      mlpOut: place(mlp.value),
      residPost: place(next.sum),
    })
  }
  if (layers.length !== nLayers) return `${layers.length} of its ${nLayers} layers are found`
  const first = joints[0]!.stream
  const embed = numbers.embedding(first, tokens)
  return { dModel, first: place(first), embed: embed === null ? null : place(embed), layers }
}

function finder(graph: ValueGraph, caches: FileInterface['caches']) {
  const { nodes } = graph
  /** The value that one is, whatever hands it on. */
  const resolve = (value: string): string => {
    const producer = graph.producer(value)
    if (producer === undefined || graph.isConstant(value) || !handing.has(nodes[producer]!.op)) return value
    return resolve(nodes[producer]!.inputs[0]!)
  }
  const presents = new Map(caches.map(({ present, layer }) => [resolve(present), layer]))
  /** Whether a value hangs on numbers of another. */
  const hangsOn = (value: string, other: string): boolean => {
    const wanted = graph.producer(other)
    if (wanted === undefined) return false
    const seen = new Set<number>()
    const open = [value]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = graph.producer(name)
      if (node === undefined || node < wanted || seen.has(node)) continue
      if (node === wanted) return true
      seen.add(node)
      if (readsNumbers(nodes[node]!)) open.push(...graph.reads(node))
    }
    return false
  }
  /** The two parts of an addition of activations that makes a value. */
  const partsOf = (value: string): readonly [string, string] | null => {
    const producer = graph.producer(resolve(value))
    const node = producer === undefined ? undefined : nodes[producer]
    if (node?.op !== 'Add') return null
    const [a, b] = node.inputs as [string, string]
    return graph.isConstant(a) || graph.isConstant(b) ? null : [resolve(a), resolve(b)]
  }
  const branchOf = (value: string, stream: string): Branch => {
    const region = nodesBefore(graph, [value], new Set([stream]), readsNumbers)
    const inside = [...region].map((index) => nodes[index]!)
    const layers = inside.flatMap(({ outputs }) => outputs.flatMap((output) => presents.get(output) ?? []))
    const isAttention =
      caches.length > 0
        ? layers.length > 0
        : inside.some(
            ({ op, inputs }) =>
              attentions.has(op) || (op === 'MatMul' && !graph.isConstant(inputs[0]!) && !graph.isConstant(inputs[1]!)),
          )
    return { value, stream, region, layers: [...new Set(layers)], isAttention }
  }
  /** An addition of two branches as these, where one of them is attention and the other is not. */
  const twoBranches = (values: readonly [string, string] | null, stream: string): Branch[] | null => {
    if (values === null || !values.every((value) => hangsOn(value, stream))) return null
    const both = values.map((value) => branchOf(value, stream))
    return both[0]!.isAttention === both[1]!.isAttention ? null : both
  }
  const jointAt = (value: string): Joint | null => {
    const parts = partsOf(value)
    if (parts === null) return null
    const sum = resolve(value)
    for (const [stream, branch] of [parts, [parts[1], parts[0]] as const]) {
      if (hangsOn(branch, stream))
        return { stream, sum, branches: twoBranches(partsOf(branch), stream) ?? [branchOf(branch, stream)] }
    }
    // (stream + one branch) + the other
    for (const [inner, other] of [parts, [parts[1], parts[0]] as const]) {
      const pair = partsOf(inner)
      if (pair === null) continue
      for (const [stream, branch] of [pair, [pair[1], pair[0]] as const]) {
        const branches = hangsOn(branch, stream) ? twoBranches([branch, other], stream) : null
        if (branches !== null) return { stream, sum, branches }
      }
    }
    return null
  }
  const descending = (region: Iterable<number>) => [...region].sort((a, b) => b - a)
  const projectionsIn = (region: Iterable<number>) =>
    descending(region).filter((index) => isProjection(graph, nodes[index]!))
  const lastProjection = (value: string, ends: ReadonlySet<string>) =>
    projectionsIn(nodesBefore(graph, [value], ends, readsNumbers))[0] ?? null
  /** What a projection reads, and whether it lies there as [tokens, width]. */
  const inputOfProjection = (index: number): { readonly value: string; readonly flat: boolean } => {
    const node = nodes[index]!
    return { value: resolve(node.inputs[0]!), flat: node.op === 'Gemm' }
  }
  /** The value before it was laid out anew for projections. */
  const unshaped = (value: string): string => {
    const producer = graph.producer(value)
    if (producer === undefined || !reshaping.has(nodes[producer]!.op)) return value
    return unshaped(resolve(nodes[producer]!.inputs[0]!))
  }

  /** Whether a branch hangs on the stream by one value alone: nothing goes around it, as a router beside fused experts would. */
  const comesThrough = ({ value, stream }: Branch, gate: string): boolean =>
    [...nodesBefore(graph, [value], new Set([stream, gate]), readsNumbers)].every(
      (index) => !readsNumbers(nodes[index]!) || !graph.reads(index).includes(stream),
    )

  /** Whether a value is rows of a constant table by the tokens, normed or scaled or not, to which nothing is added. */
  const isOfTokens = (value: string, tokens: string): boolean => {
    const node = nodes[graph.producer(value) ?? -1]
    if (node === undefined) return false
    if (lookups.has(node.op) && graph.isConstant(node.inputs[0]!)) return unshaped(resolve(node.inputs[1]!)) === tokens
    const read = reshaping.has(node.op)
      ? [node.inputs[0]!]
      : node.inputs.filter((name) => name !== '' && !graph.isConstant(name))
    return read.length === 1 && isOfTokens(read[0]!, tokens)
  }
  /** The rows of the embedding table in what enters the first layer, before positions are added; null where they do not show. */
  const embedding = (first: string, tokens: string): string | null => {
    if (isOfTokens(first, tokens)) return first
    for (const part of partsOf(first) ?? []) {
      const found = embedding(part, tokens)
      if (found !== null) return found
    }
    return null
  }

  /** Whether what nodes of a region make of a value goes nowhere but into the region's result. */
  const isOwn = (
    region: ReadonlySet<number>,
    from: string,
    result: string,
    other: ReadonlySet<number> | null,
  ): boolean => {
    const made = new Set([from])
    for (const index of [...region].sort((a, b) => a - b)) {
      if (!readsNumbers(nodes[index]!) || !graph.reads(index).some((name) => made.has(name))) continue
      if (other?.has(index)) return false
      for (const output of nodes[index]!.outputs) made.add(output)
    }
    if (made.size === 1) return false
    made.delete(from)
    made.delete(result)
    return nodes.every(
      (node, index) => region.has(index) || !readsNumbers(node) || !graph.reads(index).some((name) => made.has(name)),
    )
  }

  return {
    lastProjection,
    jointAt,
    lastJoint: (value: string): Joint | null => {
      for (const index of descending(nodesBefore(graph, [value], new Set(), readsNumbers))) {
        const joint = nodes[index]!.op === 'Add' ? jointAt(nodes[index]!.outputs[0]!) : null
        if (joint !== null) return joint
      }
      return null
    },
    /** What the one projection that ends a branch reads. */
    outputOf: (branch: Branch): Place | null => {
      const [last, ...others] = projectionsIn(branch.region)
      if (last === undefined || !comesThrough(branch, nodes[last]!.outputs[0]!)) return null
      const width = projectionWidth(graph, nodes[last]!)
      const isLast = others.every((other) => hangsOn(nodes[last]!.outputs[0]!, nodes[other]!.outputs[0]!))
      return width === null || !isLast ? null : { ...inputOfProjection(last), width, only: null }
    },
    /** What the projections that begin a branch read, where it is the same for all; not what `other` reads too. */
    inputOf: (branch: Branch, other: ReadonlySet<number> | null, dModel: number): Place | null => {
      const { region, value } = branch
      const all = projectionsIn(region)
      const firsts = all.filter((index) =>
        all.every((before) => before === index || !hangsOn(nodes[index]!.inputs[0]!, nodes[before]!.outputs[0]!)),
      )
      const inputs = [...new Set(firsts.map((index) => unshaped(inputOfProjection(index).value)))]
      if (inputs.length !== 1 || inputs[0] === value || !comesThrough(branch, inputs[0]!)) return null
      if (firsts.some((index) => projectionWidth(graph, nodes[index]!) !== dModel)) return null
      if (!isOwn(region, inputs[0]!, value, other)) return null
      return { value: inputs[0]!, width: dModel, only: region, flat: false }
    },
    /** Whether a branch reads the stream by nodes of its own. */
    enters: ({ region, value }: Branch, stream: string, other: ReadonlySet<number> | null): boolean =>
      isOwn(region, stream, value, other),
    embedding,
  }
}
