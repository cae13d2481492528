/** Names of the SAE formats that were registered: with any of them, a folder without cfg.json may hold an SAE. */
export const ownFormatNames = new Set<string>()
