/** Which plug-in code was there when something was computed. */
export interface PluginIdentity {
  /** Of its package, or its path as it was given. */
  readonly name: string
  /** Of its package; null for a file. */
  readonly version: string | null
  /** Of its module's file and of those that it imports beside it, in hex. */
  readonly sha256: string
}

/** What results record of plug-ins. */
export function pluginRecord(plugins: readonly PluginIdentity[]): { readonly plugins?: readonly PluginIdentity[] } {
  return plugins.length === 0
    ? {}
    : { plugins: plugins.map(({ name, version, sha256 }) => ({ name, version, sha256 })) }
}
