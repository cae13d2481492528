/** The folder and the layer that an id names: "3", "layer_3", "layer_3.safetensors", below a folder or not. null for other ids. */
export function circuitTracerPlace(id: string): { readonly folder: string; readonly layer: number } | null {
  const found = /^(?:(.+)\/)?(?:layer_)?(\d+)(?:\.safetensors)?$/.exec(id)
  return found === null ? null : { folder: found[1] ?? '', layer: Number(found[2]) }
}
