/**
 * The server's commands as they come out of a menu, a lens or a button, where VS Code can do better
 * than send them on: ask for the words that are missing, show a list or an explanation.
 */
import type { ExecuteCommandSignature } from "vscode-languageclient/node";
import type { Agent } from "./agent";
import { command, type DelegateArgument, type ExplainArgument } from "./lsp_ext";
import type { Actions } from "./ui/act";
import type { Delegation } from "./ui/delegate";
import type { Explaining } from "./ui/explain";
import { pickJob } from "./ui/jobs";
import { ask } from "./ui/words";

export interface Parts {
  agent: Agent;
  actions: Actions;
  delegation: Delegation;
  explaining: Explaining;
  connect: () => Promise<void>;
}

interface RenameArgument {
  newName?: string;
}

interface MoveArgument {
  target?: string;
}

interface ReviewArgument {
  jobId: string;
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
      return parts.explaining.show(argument as ExplainArgument);
    case command.review:
      return review(parts, argument as ReviewArgument) ?? next(name, given);
    case command.jobs:
      return "more" in (argument as object) ? next(name, given) : pickJob(parts.agent, parts.actions);
    case command.connect:
      return parts.connect();
    case command.rename:
      return rename(parts.agent, argument as RenameArgument);
    case command.moveSymbol:
      return move(parts.agent, argument as MoveArgument);
    case command.answer:
      return (argument as AnswerArgument).answer === undefined
        ? parts.actions.answer((argument as AnswerArgument).jobId)
        : next(name, given);
    default:
      return next(name, given);
  }
}

/** Of a plan that is in the files there is nothing left to tick: everything about its job instead. */
function review(parts: Parts, { jobId }: ReviewArgument): Promise<void> | undefined {
  const job = parts.agent.jobs.get(jobId);
  return job?.state === "applied" ? parts.actions.details(job) : undefined;
}

async function move(agent: Agent, argument: MoveArgument): Promise<void> {
  const target =
    argument.target || (await ask({ title: "Move to another file", prompt: "Its path in the folder" }));
  if (target !== undefined) {
    await agent.execute(command.moveSymbol, { ...argument, target });
  }
}

async function rename(agent: Agent, argument: RenameArgument): Promise<void> {
  const newName = argument.newName || (await ask({ title: "Rename everywhere", prompt: "The new name" }));
  if (newName !== undefined) {
    await agent.execute(command.rename, { ...argument, newName });
  }
}
