import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import type { Node } from './encode-model.js'

/** A whole number or a float among a node's attributes; null for one that is not there, or of another kind. */
export function numberAttribute({ attributes }: Node, name: string): number | null {
  const value = attributes[name]
  if (typeof value === 'number') return value
  if (typeof value !== 'object' || !('stored' in value)) return null
  const reader = new BinaryReader(value.stored)
  // fields that are left out are 0
  let found: number | null = null
  let type = 0
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === 2 && wire === WireType.Bit32) found = reader.float()
    else if (number === 3 && wire === WireType.Varint) found = Number(reader.int64())
    else if (number === 20 && wire === WireType.Varint) type = reader.int32()
    else reader.skip(wire, number)
  }
  return found ?? (type === 1 || type === 2 ? 0 : null)
}

/** The whole numbers of a list among a node's attributes; null for none. */
export function numbersAttribute({ attributes }: Node, name: string): readonly number[] | null {
  const value = attributes[name]
  if (Array.isArray(value)) return value as number[]
  if (typeof value !== 'object' || !('stored' in value)) return null
  const reader = new BinaryReader(value.stored)
  const found: number[] = []
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number !== 8) reader.skip(wire, number)
    else if (wire !== WireType.LengthDelimited) found.push(Number(reader.int64()))
    else for (const end = reader.uint32() + reader.pos; reader.pos < end; ) found.push(Number(reader.int64()))
  }
  return found.length === 0 ? null : found
}

/** TensorProto.DataType of the tensor that is an attribute (Constant, ConstantOfShape); null for none. */
export function tensorAttributeType({ attributes }: Node, name: string): number | null {
  const value = attributes[name]
  if (typeof value !== 'object' || !('stored' in value)) return null
  const reader = new BinaryReader(value.stored)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number !== 5) {
      reader.skip(wire, number)
      continue
    }
    const inner = new BinaryReader(reader.bytes())
    while (inner.pos < inner.len) {
      const [field, kind] = inner.tag()
      if (field === 2) return inner.int32()
      inner.skip(kind, field)
    }
  }
  return null
}
