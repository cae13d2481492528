/** One script for a browser: classic, because a page that is opened as a file may start no other worker. What it exports is `name`. Throws an Error that names every import of Node, and who imports it. */
export function bundle(input: string, name?: string): Promise<string>
