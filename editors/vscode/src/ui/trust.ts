/** Whether checks and engines may run in a folder. The server keeps the word, outside the repository. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command } from "../lsp_ext";

export async function trust(agent: Agent): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) {
    return;
  }
  if (!vscode.workspace.isTrusted) {
    await vscode.commands.executeCommand("workbench.trust.manage");
    return;
  }
  const yes = "Trust";
  const no = "Do Not Trust";
  const chosen = await vscode.window.showWarningMessage(
    `May agent-ls run the checks and engines of ${folder.name} in its sandbox?`,
    { modal: true, detail: folder.uri.fsPath },
    yes,
    no,
  );
  if (chosen !== undefined) {
    await agent.execute(command.trust, { uri: agent.uri(folder.uri), trusted: chosen === yes });
  }
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 1 ? vscode.window.showWorkspaceFolderPick() : folders[0];
}
