import { Symbols, Variables } from './symbols.js'

/** Whether output is escaped, as far as that is known before rendering. */
export interface EscapeMode {
  autoescape: boolean
  /** Whether it is known only when rendering. */
  volatile: boolean
}

/** Where a statement stands (jinja2.compiler.Frame). */
export class Frame {
  /** Whether names that are set belong to the template's context. */
  toplevel = false
  /** Whether it is inside an if, where an unknown filter is an error only when it is reached. */
  soft = false

  /** Whether a loop is around, inside the same function. */
  inLoop = false

  constructor(
    readonly symbols: Symbols,
    readonly mode: EscapeMode,
  ) {}

  static root(mode: EscapeMode): Frame {
    return new Frame(new Symbols(null, new Variables(null)), mode)
  }

  /** A frame inside this one, in the same function. */
  inner(): Frame {
    const frame = new Frame(new Symbols(this.symbols, this.symbols.variables), this.mode)
    frame.inLoop = this.inLoop
    return frame
  }

  /** The frame of a function inside this one; given its variables, a second frame of that function. */
  function(variables = new Variables(this.symbols.variables)): Frame {
    return new Frame(new Symbols(this.symbols, variables), this.mode)
  }

  /** The frame of a branch. */
  softened(): Frame {
    const frame = new Frame(this.symbols.copy(), this.mode)
    frame.inLoop = this.inLoop
    frame.toplevel = this.toplevel
    frame.soft = true
    return frame
  }
}
