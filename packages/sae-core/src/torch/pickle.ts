import { PickleError, PickleReader } from './pickle-reader.js'

/** What a pickle can hold here. Tuples and lists are arrays; dictionaries are Maps; objects come from `PickleWorld` only. */
export type PickleValue = null | boolean | number | bigint | string | Uint8Array | PickleValue[] | PickleMap | object
export type PickleMap = Map<PickleValue, PickleValue>

/** The only things a pickle may name. */
export interface PickleWorld {
  /** "module.name" -> what stands for it; throws for everything that is not allowed. */
  find(name: string): PickleValue
  /** Calls something that `find` returned. */
  call(callee: PickleValue, args: PickleValue): PickleValue
  /** The object behind a persistent id, which torch uses for storages. */
  persistent(id: PickleValue): PickleValue
}

const mark = Symbol('mark')

/**
 * Reads one pickle without running anything: a stack machine for the operations that write plain data, everything else refused. Its work
 * and memory are bounded by the pickle's length, because no operation copies what is on the stack or in the memo. Returns the
 * value and the position after it.
 */
export function readPickle(bytes: Uint8Array, start: number, world: PickleWorld): { value: PickleValue; end: number } {
  const reader = new PickleReader(bytes, start)
  const stack: (PickleValue | typeof mark)[] = []
  const memo = new Map<number, PickleValue>()

  const pop = (): PickleValue => {
    const value = stack.pop()
    if (value === undefined || value === mark) throw new PickleError('takes a value from an empty stack')
    return value as PickleValue
  }
  const top = (): PickleValue => {
    const value = stack.at(-1)
    if (value === undefined || value === mark) throw new PickleError('takes a value from an empty stack')
    return value as PickleValue
  }
  const popToMark = (): PickleValue[] => {
    const at = stack.lastIndexOf(mark)
    if (at < 0) throw new PickleError('has no mark where one is needed')
    const items = stack.splice(at) as PickleValue[]
    items.shift()
    return items
  }
  const list = (): PickleValue[] => {
    const value = top()
    if (!Array.isArray(value)) throw new PickleError('appends to something that is not a list')
    return value
  }
  const map = (): PickleMap => {
    const value = top()
    if (!(value instanceof Map)) throw new PickleError('sets items of something that is not a dictionary')
    return value
  }
  const setItems = (target: PickleMap, items: readonly PickleValue[]) => {
    if (items.length % 2 !== 0) throw new PickleError('has a key without a value')
    for (let i = 0; i < items.length; i += 2) target.set(items[i]!, items[i + 1]!)
  }
  const recall = (index: number): PickleValue => {
    const value = memo.get(index)
    if (value === undefined) throw new PickleError(`recalls value ${index}, which it never stored`)
    return value
  }

  for (;;) {
    const operation = reader.character()
    switch (operation) {
      case '\x80': // PROTO
        if (reader.unsigned(1) > 5) throw new PickleError('is of a pickle version after 5')
        break
      case '\x95': // FRAME
        reader.unsigned(8)
        break
      case '.': // STOP
        return { value: pop(), end: reader.position }
      case '(':
        stack.push(mark)
        break
      case '0': // POP
        if (stack.pop() === undefined) throw new PickleError('takes a value from an empty stack')
        break
      case '1': // POP_MARK
        popToMark()
        break
      case 'N':
        stack.push(null)
        break
      case '\x88':
        stack.push(true)
        break
      case '\x89':
        stack.push(false)
        break
      case 'J': // BININT
        stack.push(reader.unsigned(4) | 0)
        break
      case 'K': // BININT1
        stack.push(reader.unsigned(1))
        break
      case 'M': // BININT2
        stack.push(reader.unsigned(2))
        break
      case '\x8a': // LONG1
        stack.push(reader.integer(reader.unsigned(1)))
        break
      case 'I': // INT
      case 'L': // LONG
        stack.push(reader.decimal())
        break
      case 'G': // BINFLOAT
        stack.push(reader.double())
        break
      case 'F': // FLOAT
        stack.push(reader.decimalFloat())
        break
      case '\x8c': // SHORT_BINUNICODE
        stack.push(reader.text(reader.unsigned(1)))
        break
      case 'X': // BINUNICODE
        stack.push(reader.text(reader.unsigned(4)))
        break
      case '\x8d': // BINUNICODE8
        stack.push(reader.text(reader.unsigned(8)))
        break
      case 'U': // SHORT_BINSTRING
        stack.push(reader.text(reader.unsigned(1)))
        break
      case 'T': // BINSTRING
        stack.push(reader.text(reader.unsigned(4)))
        break
      case 'C': // SHORT_BINBYTES
        stack.push(reader.bytes(reader.unsigned(1)))
        break
      case 'B': // BINBYTES
        stack.push(reader.bytes(reader.unsigned(4)))
        break
      case ']':
        stack.push([])
        break
      case ')':
        stack.push([])
        break
      case '}':
        stack.push(new Map())
        break
      case 'l': // LIST
      case 't': // TUPLE
        stack.push(popToMark())
        break
      case 'd': {
        // DICT
        const items = popToMark()
        const made: PickleMap = new Map()
        setItems(made, items)
        stack.push(made)
        break
      }
      case '\x85': // TUPLE1
        stack.push([pop()])
        break
      case '\x86': {
        const second = pop()
        stack.push([pop(), second])
        break
      }
      case '\x87': {
        const third = pop()
        const second = pop()
        stack.push([pop(), second, third])
        break
      }
      case 'a': {
        const item = pop()
        list().push(item)
        break
      }
      case 'e': {
        const items = popToMark()
        const target = list()
        for (const item of items) target.push(item)
        break
      }
      case 's': {
        const value = pop()
        const key = pop()
        map().set(key, value)
        break
      }
      case 'u': {
        const items = popToMark()
        setItems(map(), items)
        break
      }
      case 'q': // BINPUT
        memo.set(reader.unsigned(1), top())
        break
      case 'r': // LONG_BINPUT
        memo.set(reader.unsigned(4), top())
        break
      case '\x94': // MEMOIZE
        memo.set(memo.size, top())
        break
      case 'h': // BINGET
        stack.push(recall(reader.unsigned(1)))
        break
      case 'j': // LONG_BINGET
        stack.push(recall(reader.unsigned(4)))
        break
      case 'c': // GLOBAL
        stack.push(world.find(`${reader.line()}.${reader.line()}`))
        break
      case '\x93': {
        // STACK_GLOBAL
        const name = pop()
        const module = pop()
        if (typeof name !== 'string' || typeof module !== 'string')
          throw new PickleError('names something without a name')
        stack.push(world.find(`${module}.${name}`))
        break
      }
      case 'R': {
        const args = pop()
        stack.push(world.call(pop(), args))
        break
      }
      case 'b': {
        // BUILD: torch hangs `_metadata` on its OrderedDict, which says nothing about tensors
        pop()
        map()
        break
      }
      case 'Q': // BINPERSID
        stack.push(world.persistent(pop()))
        break
      default:
        throw new PickleError(
          `uses the pickle operation 0x${operation.charCodeAt(0).toString(16)}, which plain data does not need`,
        )
    }
  }
}
