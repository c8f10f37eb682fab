/** `Agent: Delegate …`: a task for the selection or the cursor, in one box. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { remembered } from "../history";
import { command, type DelegateArgument } from "../lsp_ext";
import { pickFiles } from "./attach";

const historyKey = "tasks";

type Item = vscode.QuickPickItem & { task: string };

interface Asked {
  task: string;
  files: readonly vscode.Uri[];
  planFirst: boolean;
}

export class Delegation {
  readonly #agent: Agent;
  readonly #memory: vscode.Memento;

  constructor(agent: Agent, memory: vscode.Memento) {
    this.#agent = agent;
    this.#memory = memory;
  }

  /** At the cursor of the active editor. */
  async here(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.uri.scheme !== "file") {
      await vscode.window.showInformationMessage("Open a file first: a task belongs to a place.");
      return;
    }
    // Taken before the box opens: the server carries the range from this version to the text of then.
    await this.at({
      uri: this.#agent.uri(editor.document),
      range: { start: plain(editor.selection.start), end: plain(editor.selection.end) },
      version: editor.document.version,
    });
  }

  /** Ask for the task where it is missing, and send it. */
  async at(argument: DelegateArgument): Promise<void> {
    const given = argument.task?.trim() ?? "";
    if (given !== "") {
      await this.#agent.execute(command.delegate, { ...argument, task: given });
      return;
    }
    const asked = await this.#ask();
    if (asked === undefined) {
      return;
    }
    await this.#memory.update(historyKey, remembered(this.#earlier(), asked.task));
    const files = asked.files.map((file) => this.#agent.uri(file));
    const { task, planFirst } = asked;
    await this.#agent.execute(command.delegate, { ...argument, task, files, planFirst });
  }

  #earlier(): string[] {
    return this.#memory.get<string[]>(historyKey, []);
  }

  async #ask(): Promise<Asked | undefined> {
    const asked: Asked = { task: "", files: [], planFirst: false };
    for (;;) {
      const step = await box(asked, this.#earlier());
      asked.task = step.task;
      asked.planFirst = step.planFirst;
      if (step.done !== "attach") {
        return step.done === "delegate" && asked.task !== "" ? asked : undefined;
      }
      asked.files = (await pickFiles(asked.files)) ?? asked.files;
    }
  }
}

type Step = Pick<Asked, "task" | "planFirst"> & { done: "delegate" | "attach" | "left" };

/** One showing of the box: until Enter, Escape or a request to attach files. */
function box(asked: Asked, earlier: readonly string[]): Promise<Step> {
  const pick = vscode.window.createQuickPick<Item>();
  const attach = { iconPath: new vscode.ThemeIcon("attach"), tooltip: "Attach files to look at first" };
  const plan = {
    iconPath: new vscode.ThemeIcon("list-ordered"),
    tooltip: "Plan first: approve the steps before anything is edited",
  };
  let planFirst = asked.planFirst;
  const draw = (): void => {
    const typed = pick.value.trim();
    const told = [
      ...(asked.files.length > 0 ? [`${asked.files.length} attached`] : []),
      ...(planFirst ? ["plan first"] : []),
    ];
    pick.title = ["Delegate", ...told].join(" · ");
    // What is typed comes first, so that Enter never takes an older task instead.
    pick.items = [
      ...(typed === ""
        ? []
        : [{ label: typed, description: "delegate this", alwaysShow: true, task: typed }]),
      ...earlier
        .filter((task) => task !== typed)
        .map((task) => ({ label: task, description: "again", task })),
    ];
  };
  pick.placeholder = "What should be done here?";
  pick.value = asked.task;
  pick.ignoreFocusOut = true;
  pick.buttons = [attach, plan];
  draw();
  return new Promise((resolve) => {
    let done: Step["done"] = "left";
    let task = "";
    const end = (how: Step["done"], words: string): void => {
      done = how;
      task = words;
      pick.hide();
    };
    pick.onDidChangeValue(draw);
    pick.onDidTriggerButton((button) => {
      if (button === attach) {
        end("attach", pick.value.trim());
      } else {
        planFirst = !planFirst;
        draw();
      }
    });
    pick.onDidAccept(() => {
      const words = pick.activeItems[0]?.task ?? pick.value.trim();
      if (words !== "") {
        end("delegate", words);
      }
    });
    pick.onDidHide(() => {
      pick.dispose();
      resolve({ task, planFirst, done });
    });
    pick.show();
  });
}

function plain(position: vscode.Position): { line: number; character: number } {
  return { line: position.line, character: position.character };
}
