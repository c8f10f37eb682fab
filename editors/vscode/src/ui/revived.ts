/** The server ended by itself and runs again: what has become of the jobs. */
import * as vscode from "vscode";
import type { Jobs } from "../jobs";

export async function revived(jobs: Jobs): Promise<void> {
  const paused = jobs.list().filter((job) => job.state === "interrupted").length;
  const kept =
    paused === 0
      ? "No job was under way."
      : `${paused} ${paused === 1 ? "job is" : "jobs are"} paused with the work kept.`;
  const show = "Show Jobs";
  const chosen = await vscode.window.showWarningMessage(
    `agent-ls ended unexpectedly and was started again. ${kept}`,
    ...(paused === 0 ? [] : [show]),
  );
  if (chosen === show) {
    await vscode.commands.executeCommand("agentLs.ui.jobs.focus");
  }
}
