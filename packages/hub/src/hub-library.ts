/** Loads @huggingface/hub: where the hub is asked and not before, since that takes as long as half of Node's own start. */
export function hubLibrary(): Promise<typeof import('@huggingface/hub')> {
  return import('@huggingface/hub')
}
