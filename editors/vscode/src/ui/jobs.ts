/** `Agent: Jobs …`: all jobs in one list, and what can be done with each. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { describe, type Verb, verbsFor } from "../jobs";
import type { Job } from "../lsp_ext";
import type { Actions } from "./act";

const titles: Record<Verb, string> = {
  answer: "$(comment-discussion) Answer",
  review: "$(diff) Review",
  apply: "$(check) Apply",
  undo: "$(discard) Undo",
  discard: "$(trash) Discard",
  tell: "$(comment) Tell the agent something",
  resume: "$(debug-continue) Resume",
  cancel: "$(stop-circle) Cancel",
  retry: "$(refresh) Do it again on the text of now",
};

export async function pickJob(agent: Agent, actions: Actions): Promise<void> {
  const jobs = await agent.refresh();
  if (!agent.running) {
    return;
  }
  if (jobs.length === 0) {
    await vscode.window.showInformationMessage("No jobs yet. Agent: Delegate … starts the first one.");
    return;
  }
  const items = jobs.map((job) => ({ label: job.title, description: describe(job), job }));
  const chosen = await vscode.window.showQuickPick(items, { title: "Agent jobs", matchOnDescription: true });
  if (chosen !== undefined) {
    await pickVerb(actions, chosen.job);
  }
}

async function pickVerb(actions: Actions, job: Job): Promise<void> {
  const items = [
    ...verbsFor(job).map((verb) => ({ label: titles[verb], run: () => actions.act(job, verb) })),
    { label: "$(info) Details", run: () => actions.details(job) },
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: job.title, placeHolder: describe(job) });
  await chosen?.run();
}
