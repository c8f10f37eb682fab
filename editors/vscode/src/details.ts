/** A job as a page to read: what was asked, how it stands, what proves it, what happened. */
import { describe } from "./jobs";
import type { WholeJob } from "./lsp_ext";

export function report(job: WholeJob): string {
  const question = job.question === null ? "" : `${job.question.text}\n\n${list(job.question.choices)}`;
  return [
    `# ${job.title}`,
    describe(job),
    job.problem,
    job.verdictNote,
    section("Question", question),
    section("Task", job.task),
    section("Plan", job.plan),
    section("Steps", list(job.steps.map((step) => [step.text, ...step.files].join(" · ")))),
    section("Checks", job.checks.map(({ name, status, output }) => check(name, status, output)).join("\n\n")),
    section("Worth a second look", list(job.evidence)),
    section("What happened", list(job.events.map(({ at, text }) => `${clock(at)} ${text}`))),
    section("Changes", job.patch === "" ? "" : fenced(job.patch, "diff")),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function section(title: string, body: string): string {
  return body === "" ? "" : `## ${title}\n${body}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item.replaceAll("\n", "\n  ")}`).join("\n");
}

function check(name: string, status: string, output: string): string {
  return status === "passed" || output === ""
    ? `- ${name}: ${status}`
    : `- ${name}: ${status}\n\n${fenced(output)}`;
}

/** A fence that is longer than any in the text. */
function fenced(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, "")}\n${fence}`;
}

function clock(at: number): string {
  return new Date(at * 1000).toTimeString().slice(0, 8);
}
