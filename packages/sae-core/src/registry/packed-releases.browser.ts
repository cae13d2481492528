/** None: what SAELens lists lies on the hub, from which a page loads nothing. */
export function packedReleases(): unknown {
  return []
}
