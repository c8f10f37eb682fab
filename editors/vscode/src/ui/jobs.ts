/** `Agent: Jobs …`: all jobs, and what can be done with each. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { describe, type Verb, verbsFor } from "../jobs";
import { command, type Job } from "../lsp_ext";
import { ask } from "./words";

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

export async function pickJob(agent: Agent): Promise<void> {
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
    await pickVerb(agent, chosen.job);
  }
}

async function pickVerb(agent: Agent, job: Job): Promise<void> {
  const items = verbsFor(job).map((verb) => ({ label: titles[verb], verb }));
  const chosen = await vscode.window.showQuickPick(items, { title: job.title, placeHolder: describe(job) });
  if (chosen !== undefined) {
    await act(agent, job, chosen.verb);
  }
}

async function act(agent: Agent, job: Job, verb: Verb): Promise<void> {
  const { jobId } = job;
  switch (verb) {
    case "answer":
      return answer(agent, job);
    case "tell": {
      const text = await ask({ title: job.title, prompt: "What should the agent know?" });
      return text === undefined ? undefined : agent.execute(command.tell, { jobId, text });
    }
    default:
      return agent.execute(command[verb], { jobId });
  }
}

/** Answer what a job asks, with one of its choices or in words. */
export async function answer(agent: Agent, job: Job): Promise<void> {
  const { jobId, question } = job;
  if (question === null || question === undefined) {
    return;
  }
  const text =
    question.choices.length > 0
      ? await vscode.window.showQuickPick(question.choices, { title: job.title, placeHolder: question.text })
      : await ask({ title: job.title, prompt: question.text, value: question.default });
  if (text !== undefined) {
    await agent.execute(command.answer, { jobId, questionId: question.questionId, answer: text });
  }
}
