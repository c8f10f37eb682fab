/**
 * The server's commands as they come out of a menu, a lens or a button, where VS Code can do better
 * than send them on: ask for the words that are missing, show a list or an explanation.
 */
import type { ExecuteCommandSignature } from "vscode-languageclient/node";
import type { Agent } from "./agent";
import { command, type DelegateArgument, type ExplainArgument } from "./lsp_ext";
import { delegateWith } from "./ui/delegate";
import { explain } from "./ui/explain";
import { answer, pickJob } from "./ui/jobs";
import { ask } from "./ui/words";

interface RenameArgument {
  newName?: string;
}

interface AnswerArgument {
  jobId: string;
  answer?: string;
}

export async function execute(
  agent: Agent,
  name: string,
  given: unknown[],
  next: ExecuteCommandSignature,
): Promise<unknown> {
  const argument: unknown = given[0] ?? {};
  switch (name) {
    case command.delegate:
      return delegateWith(agent, argument as DelegateArgument);
    case command.explain:
      return explain(agent, argument as ExplainArgument);
    case command.jobs:
      return pickJob(agent);
    case command.rename:
      return rename(agent, argument as RenameArgument);
    case command.answer:
      return (argument as AnswerArgument).answer === undefined
        ? answerJob(agent, (argument as AnswerArgument).jobId)
        : next(name, given);
    default:
      return next(name, given);
  }
}

async function rename(agent: Agent, argument: RenameArgument): Promise<void> {
  const newName = argument.newName || (await ask({ title: "Rename everywhere", prompt: "The new name" }));
  if (newName !== undefined) {
    await agent.execute(command.rename, { ...argument, newName });
  }
}

async function answerJob(agent: Agent, jobId: string): Promise<void> {
  await agent.refresh(); // the question itself is not in the notification: the list has it
  const job = agent.jobs.get(jobId);
  if (job !== undefined) {
    await answer(agent, job);
  }
}
