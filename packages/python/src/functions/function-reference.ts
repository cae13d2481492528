import { join } from 'node:path'

/** A Python function named by a task file: `!function module.name`. */
export class FunctionReference {
  constructor(
    /** As written: "utils.process_docs", "subfolder.utils.f". */
    readonly name: string,
    /** Folder of the YAML file that holds the reference; the module is looked for there. */
    readonly folder: string,
  ) {}

  /** The Python file: "utils.process_docs" is in utils.py beside the YAML file. */
  get file(): string {
    return join(this.folder, `${this.name.split('.').slice(0, -1).join('/')}.py`)
  }

  /** "process_docs" */
  get functionName(): string {
    return this.name.slice(this.name.lastIndexOf('.') + 1)
  }
}
