/** The steps that an agent proposes, before anything is edited: drop some, reword some, approve or reject. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command, type Step, type WholeJob } from "../lsp_ext";
import { ask } from "./words";

type Item = vscode.QuickPickItem & { step: Step };
type Decision = { action: "approve" | "reject" } | { action: "edit"; steps: Step[] };

const reword = { iconPath: new vscode.ThemeIcon("edit"), tooltip: "Say it in other words" };
const reject = { iconPath: new vscode.ThemeIcon("close"), tooltip: "Reject the plan: the job ends" };

export async function approve(agent: Agent, job: WholeJob): Promise<void> {
  let steps = job.steps;
  for (;;) {
    const answer = await show(job.title, steps);
    if (answer === undefined) {
      return;
    }
    if (!("reword" in answer)) {
      const decision = decided(job.steps, answer);
      await agent.execute(command.plan, { jobId: job.jobId, ...decision });
      return;
    }
    const { step } = answer.reword;
    const text = await ask({ title: job.title, prompt: "The step", value: step.text });
    steps = steps.map((one) => (one === step && text !== undefined ? { ...one, text } : one));
  }
}

type Shown = { steps: Step[] } | { rejected: true } | { reword: Item };

function decided(proposed: readonly Step[], answer: Exclude<Shown, { reword: Item }>): Decision {
  if ("rejected" in answer) {
    return { action: "reject" };
  }
  const same = JSON.stringify(answer.steps) === JSON.stringify(proposed);
  return same ? { action: "approve" } : { action: "edit", steps: answer.steps };
}

function show(title: string, steps: readonly Step[]): Promise<Shown | undefined> {
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = `${title}: approve these steps?`;
  pick.placeholder = "Enter approves what is ticked; nothing has been edited yet";
  pick.canSelectMany = true;
  pick.ignoreFocusOut = true;
  pick.buttons = [reject];
  pick.items = steps.map((step, number) => ({
    label: `${number + 1}. ${step.text}`,
    description: step.files.join(", "),
    buttons: [reword],
    step,
  }));
  pick.selectedItems = pick.items;
  return new Promise((resolve) => {
    let answer: Shown | undefined;
    const end = (how: Shown): void => {
      answer = how;
      pick.hide();
    };
    pick.onDidTriggerButton(() => end({ rejected: true }));
    pick.onDidTriggerItemButton(({ item }) => end({ reword: item }));
    pick.onDidAccept(() => {
      const ticked = new Set(pick.selectedItems.map((item) => item.step));
      // None ticked says nothing about what to do: the cross rejects.
      if (ticked.size > 0) {
        end({ steps: steps.filter((step) => ticked.has(step)) });
      }
    });
    pick.onDidHide(() => {
      pick.dispose();
      resolve(answer);
    });
    pick.show();
  });
}
