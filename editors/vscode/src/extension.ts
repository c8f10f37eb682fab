/** Everything is built here, by hand. The server decides; this asks and renders. */
import * as vscode from "vscode";
import { Agent } from "./agent";
import { execute } from "./menu";
import { delegate } from "./ui/delegate";
import { pickJob } from "./ui/jobs";
import { Review } from "./ui/review";
import { Status } from "./ui/status";
import { trust } from "./ui/trust";

let agent: Agent | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const status = new Status();
  const started: Agent = new Agent(context.globalStorageUri, {
    changed: () => {
      status.show(started.jobs);
      void review.jobsChanged();
    },
    showPlan: (jobId) => void review.open(jobId),
    middleware: { executeCommand: (name, given, next) => execute(started, name, given, next) },
  });
  const review = new Review(started);
  agent = started;
  const commands: Record<string, () => Promise<void> | void> = {
    "agentLs.ui.delegate": () => delegate(started),
    "agentLs.ui.jobs": () => pickJob(started),
    "agentLs.ui.trust": () => trust(started),
    "agentLs.ui.restart": () => restart(started),
    "agentLs.ui.log": () => started.log.show(),
    "agentLs.ui.review.apply": () => review.apply(),
    "agentLs.ui.review.discard": () => review.discard(),
    "agentLs.ui.review.acceptAll": () => review.all(true),
    "agentLs.ui.review.rejectAll": () => review.all(false),
    "agentLs.ui.review.toggle": () => review.toggle(),
  };
  // Not in the palette: a hunk in the tree runs it.
  const show = vscode.commands.registerCommand("agentLs.ui.review.show", (path: string, id: string) =>
    review.show(path, id),
  );
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, run));
  }
  context.subscriptions.push(
    started,
    status,
    review,
    show,
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
