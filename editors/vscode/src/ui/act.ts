/** What a user does with a job; words that are missing are asked for. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { report } from "../details";
import type { Verb } from "../jobs";
import { command, type Job, type WholeJob } from "../lsp_ext";
import { approve } from "./approve";
import type { Pages } from "./pages";
import { ask } from "./words";

const own = "Something else …";

export class Actions {
  readonly #agent: Agent;
  readonly #pages: Pages;

  constructor(agent: Agent, pages: Pages) {
    this.#agent = agent;
    this.#pages = pages;
  }

  async act(job: Job, verb: Verb): Promise<void> {
    const { jobId } = job;
    switch (verb) {
      case "answer":
        return this.answer(jobId);
      case "tell": {
        const text = await ask({ title: job.title, prompt: "What should the agent know?" });
        return text === undefined ? undefined : this.#agent.execute(command.tell, { jobId, text });
      }
      default:
        return this.#agent.execute(command[verb], { jobId });
    }
  }

  /** Answer what a job asks: steps are approved, a question gets one of its choices or words. */
  async answer(jobId: string): Promise<void> {
    const job = await this.#whole(jobId);
    const question = job?.question ?? undefined;
    if (job === undefined || question === undefined) {
      return;
    }
    if (job.planState === "proposed") {
      await approve(this.#agent, job);
      return;
    }
    const text = await reply(job.title, question);
    if (text !== undefined) {
      await this.#agent.execute(command.answer, { jobId, questionId: question.questionId, answer: text });
    }
  }

  /** Everything about a job, as a page. */
  async details(job: Job): Promise<void> {
    const whole = await this.#whole(job.jobId);
    if (whole !== undefined) {
      await this.#pages.show(whole.title, report(whole));
    }
  }

  #whole(jobId: string): Promise<WholeJob | undefined> {
    return this.#agent.execute<WholeJob>(command.job, { jobId });
  }
}

async function reply(
  title: string,
  question: { text: string; choices: string[]; default: string },
): Promise<string | undefined> {
  const words = (): Promise<string | undefined> =>
    ask({ title, prompt: question.text, value: question.choices.length > 0 ? "" : question.default });
  if (question.choices.length === 0) {
    return words();
  }
  const chosen = await vscode.window.showQuickPick([...question.choices, own], {
    title,
    placeHolder: question.text,
    ignoreFocusOut: true,
  });
  return chosen === own ? words() : chosen;
}
