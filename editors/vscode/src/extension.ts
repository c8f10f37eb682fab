/** Everything is built here, by hand. The server decides; this asks and renders. */
import * as vscode from "vscode";
import { Agent } from "./agent";
import { execute } from "./menu";
import { delegate } from "./ui/delegate";
import { pickJob } from "./ui/jobs";
import { Status } from "./ui/status";
import { trust } from "./ui/trust";

let agent: Agent | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const status = new Status();
  const started = new Agent(context.globalStorageUri, () => status.show(started.jobs), {
    executeCommand: (name, given, next) => execute(started, name, given, next),
  });
  agent = started;
  const commands: Record<string, () => Promise<void> | void> = {
    "agentLs.ui.delegate": () => delegate(started),
    "agentLs.ui.jobs": () => pickJob(started),
    "agentLs.ui.trust": () => trust(started),
    "agentLs.ui.restart": () => restart(started),
    "agentLs.ui.log": () => started.log.show(),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, run));
  }
  context.subscriptions.push(
    started,
    status,
    vscode.workspace.onDidChangeConfiguration((change) =>
      change.affectsConfiguration("agentLs.serverPath") ? restart(started) : undefined,
    ),
  );
  // Not awaited: activation must not wait for a process.
  void started.start();
}

export async function deactivate(): Promise<void> {
  await agent?.stop();
  agent = undefined;
}

async function restart(running: Agent): Promise<void> {
  await running.stop();
  await running.start();
}
