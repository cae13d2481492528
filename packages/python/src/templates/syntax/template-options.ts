/** What an environment changes about a template's syntax. */
export interface SyntaxOptions {
  /** Whether the newline behind a block tag goes. */
  readonly trimBlocks: boolean
  /** Whether blanks before a block tag at the beginning of a line go. */
  readonly lstripBlocks: boolean
  /** Whether a final newline stays. */
  readonly keepTrailingNewline: boolean
  /** Whether there are break and continue (jinja2.ext.loopcontrols). */
  readonly loopControls: boolean
  /** Whether there is {% generation %} (transformers' AssistantTracker), whose body is rendered as it is. */
  readonly generationTag: boolean
}
