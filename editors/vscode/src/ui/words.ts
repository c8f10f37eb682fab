/** Words from the user; nothing where none are given. */
import * as vscode from "vscode";

export async function ask(options: vscode.InputBoxOptions): Promise<string | undefined> {
  const words = (await vscode.window.showInputBox({ ignoreFocusOut: true, ...options }))?.trim();
  return words === "" ? undefined : words;
}
