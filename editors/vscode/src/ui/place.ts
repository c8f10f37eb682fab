/** Where a document of the review belongs: the text of now, or what the plan makes of it. */
import type * as vscode from "vscode";
import type { Side } from "../plan";

export const scheme = "agent-ls";

export function placeOf(uri: vscode.Uri): { side: Side; path: string } | undefined {
  const side = uri.query === "now" || uri.query === "plan" ? uri.query : undefined;
  return uri.scheme === scheme && side !== undefined ? { side, path: uri.path.slice(1) } : undefined;
}
