/** Size of one head of attn.hook_z: one number of a model, or where its layers differ, that of each of these hook points. */
export type HeadSize = number | ((hookPoint: string) => number)

/** The size of one head at a hook point. */
export function headSizeAt(size: HeadSize, hookPoint: string): number {
  return typeof size === 'number' ? size : size(hookPoint)
}
