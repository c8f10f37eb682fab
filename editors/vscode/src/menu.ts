/**
 * The server's commands as they come out of a menu, a lens or a button, where VS Code can do better
 * than send them on: ask for the words that are missing, show a list or an explanation.
 */
import type { ExecuteCommandSignature } from "vscode-languageclient/node";
import type { Agent } from "./agent";
import { command, type DelegateArgument, type ExplainArgument } from "./lsp_ext";
import type { Actions } from "./ui/act";
import type { Delegation } from "./ui/delegate";
import { explain } from "./ui/explain";
import { pickJob } from "./ui/jobs";
import type { Pages } from "./ui/pages";
import { ask } from "./ui/words";

export interface Parts {
  agent: Agent;
  actions: Actions;
  delegation: Delegation;
  pages: Pages;
  connect: () => Promise<void>;
}

interface RenameArgument {
  newName?: string;
}

interface AnswerArgument {
  jobId: string;
  answer?: string;
}

export async function execute(
  parts: Parts,
  name: string,
  given: unknown[],
  next: ExecuteCommandSignature,
): Promise<unknown> {
  const argument: unknown = given[0] ?? {};
  switch (name) {
    case command.delegate:
      return parts.delegation.at(argument as DelegateArgument);
    case command.explain:
      return explain(parts.agent, parts.pages, argument as ExplainArgument);
    case command.jobs:
      return "more" in (argument as object) ? next(name, given) : pickJob(parts.agent, parts.actions);
    case command.connect:
      return parts.connect();
    case command.rename:
      return rename(parts.agent, argument as RenameArgument);
    case command.answer:
      return (argument as AnswerArgument).answer === undefined
        ? parts.actions.answer((argument as AnswerArgument).jobId)
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
