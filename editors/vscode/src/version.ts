/** Whether this extension and the server can talk: told in one sentence, with what to do. */

/** Nothing where they fit, else a sentence. The first two numbers must agree. */
export function misfit(extension: string, server: string | undefined): string | undefined {
  if (server === undefined) {
    return "The server does not say its version; update it: it is older than this extension.";
  }
  const [ours, theirs] = [numbers(extension), numbers(server)];
  if (ours[0] === theirs[0] && ours[1] === theirs[1]) {
    return undefined;
  }
  const older = theirs[0] < ours[0] || (theirs[0] === ours[0] && theirs[1] < ours[1]);
  return `agent-ls ${server} and this extension ${extension} do not fit: update the ${older ? "server" : "extension"}.`;
}

function numbers(version: string): [number, number] {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor];
}
