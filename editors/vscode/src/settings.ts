/** The section `agentLs` as the server gets it: without what is meant for this extension alone. */
import type { ConfigurationMiddleware } from "vscode-languageclient/node";

const own = new Set(["serverPath", "package", "baseUrl", "trace"]);

type Middleware = NonNullable<ConfigurationMiddleware["configuration"]>;

export const settingsOf: Middleware = async (params, token, next) => {
  const answer = await next(params, token);
  return Array.isArray(answer) ? answer.map(forServer) : answer;
};

export function forServer(section: unknown): unknown {
  if (typeof section !== "object" || section === null || Array.isArray(section)) {
    return section;
  }
  return Object.fromEntries(Object.entries(section).filter(([name]) => !own.has(name)));
}
