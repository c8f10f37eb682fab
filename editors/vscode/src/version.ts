/** Whether this extension and the server can talk: told in one sentence, with what to do. */

export interface Misfit {
  sentence: string;
  update: "server" | "extension";
}

/** Nothing where they fit. The first two numbers must agree. */
export function misfit(extension: string, server: string | undefined): Misfit | undefined {
  if (server === undefined) {
    const sentence = "The server does not say its version: it is older than this extension; update it.";
    return { sentence, update: "server" };
  }
  const [ours, theirs] = [numbers(extension), numbers(server)];
  if (ours[0] === theirs[0] && ours[1] === theirs[1]) {
    return undefined;
  }
  const older = theirs[0] < ours[0] || (theirs[0] === ours[0] && theirs[1] < ours[1]);
  const update = older ? "server" : "extension";
  return {
    sentence: `agent-ls ${server} and this extension ${extension} do not fit: update the ${update}.`,
    update,
  };
}

function numbers(version: string): [number, number] {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor];
}
