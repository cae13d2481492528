/** One script for a browser: classic, because a page that is opened as a file may start no other worker. Throws an Error that names every import of Node, and who imports it. */
export function bundle(input: string): Promise<string>
