/** Files for the agent to look at first: those that are open come first. */
import * as vscode from "vscode";

const most = 2000;

type Item = vscode.QuickPickItem & { uri?: vscode.Uri };

/** The files that are ticked; nothing if the user left. */
export async function pickFiles(ticked: readonly vscode.Uri[]): Promise<vscode.Uri[] | undefined> {
  const open = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri] : []))
    .filter((uri) => vscode.workspace.getWorkspaceFolder(uri) !== undefined);
  const others = await vscode.workspace.findFiles("**/*", undefined, most);
  const known = new Map<string, vscode.Uri>();
  for (const uri of [...ticked, ...open, ...others]) {
    known.set(uri.toString(), uri);
  }
  const was = new Set(ticked.map(String));
  const items: Item[] = [...known.values()].map((uri) => ({
    label: vscode.workspace.asRelativePath(uri),
    picked: was.has(uri.toString()),
    uri,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: "Files to look at first",
    canPickMany: true,
  });
  return chosen?.flatMap(({ uri }) => (uri === undefined ? [] : [uri]));
}
