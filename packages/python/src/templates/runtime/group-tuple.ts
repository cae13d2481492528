import { PyTuple, type PyValue } from '../../values/value.js'

/** What groupby gives: a tuple whose parts are called grouper and list as well. */
export class GroupTuple extends PyTuple {
  static pair(grouper: PyValue, list: PyValue): GroupTuple {
    const tuple = new GroupTuple()
    tuple.push(grouper, list)
    return tuple
  }

  /** A part by its name; undefined for others. */
  named(name: string): PyValue | undefined {
    return name === 'grouper' ? this[0] : name === 'list' ? this[1] : undefined
  }
}
