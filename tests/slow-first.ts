import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, so that no worker has one of them left when the others are done. */
const slow = [
  'tests/packed-packages',
  'tests/crash-drill',
  'cli/src/goldens',
  'lm-backend-onnx/src/goldens',
  'planner-equality',
  'commands/verify',
  'commands/extend-sweep',
  'pyodide/task-functions',
  'pyodide/snapshot',
  'tests/packed-install',
  'tests/online',
]

/** Slow files first, the others in vitest's own order. */
export default class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = slow.findIndex((name) => moduleId.includes(name))
      return at === -1 ? slow.length : at
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
