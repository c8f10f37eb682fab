/** `Agent: Delegate …`: a task for the selection or the cursor. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command, type DelegateArgument } from "../lsp_ext";
import { ask } from "./words";

export async function delegate(agent: Agent): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    await vscode.window.showInformationMessage("Open a file first: a task belongs to a place.");
    return;
  }
  // Taken before the box opens: the server carries the range from this version to the text of then.
  const argument: DelegateArgument = {
    uri: agent.uri(editor.document),
    range: { start: plain(editor.selection.start), end: plain(editor.selection.end) },
    version: editor.document.version,
  };
  await delegateWith(agent, argument);
}

/** Ask for the task where it is missing, and send it. */
export async function delegateWith(agent: Agent, argument: DelegateArgument): Promise<void> {
  const given = argument.task?.trim() ?? "";
  const task = given !== "" ? given : await ask({ prompt: "What should be done here?", title: "Delegate" });
  if (task !== undefined) {
    await agent.execute(command.delegate, { ...argument, task });
  }
}

function plain(position: vscode.Position): { line: number; character: number } {
  return { line: position.line, character: position.character };
}
