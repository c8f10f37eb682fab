// One hunk of a plan is done anew as the user says; the plan of the new job takes the place of the old one in the
// review, with the other hunk as it was, and lands whole.
import { call, edit, finish, readFile, script, turn } from "../script.mjs";

const gap = Array.from({ length: 12 }, (_, number) => `# ${number}\n`).join("");
const text = (first, second) => `A = "${first}"\n${gap}B = "${second}"\n`;

export const furniture = () => ({
  files: { "a.py": text("one", "two") },
  script: script(
    turn([], [readFile("a.py")]),
    turn(["one"], [call("edit_file", { path: "a.py", edits: [edit("one", "ONE"), edit("two", "TWO")] })]),
    turn(["a.py"], [finish("Louder.")]),
  ),
});

export async function play(world) {
  const { window } = world;
  await world.ask("open", { path: "a.py" });
  await window.command("Agent: Delegate …");
  await window.answer(/^Delegate$/, "louder");
  await window.status("ready");
  await window.press("Review");
  await window.row("Plan", 'B = "TWO"').waitFor();
  world.play(
    script(
      turn([], [readFile("a.py")]),
      turn(["TWO"], [call("edit_file", { path: "a.py", edits: [edit("TWO", "Two!")] })]),
      turn(["a.py"], [finish("Not that loud.")]),
    ),
  );
  await window.act('B = "TWO"', "Do This Anew", "Plan");
  await window.answer("What is wrong with it", "not that loud");
  await window.row("Plan", 'B = "Two!"').waitFor();
  await window.row("Plan", 'A = "ONE"').waitFor();
  await window.shot("anew");
  await window.command("Agent: Apply What Is Ticked");
  await world.landed("a.py", text("ONE", "Two!"), "one hunk as it was, the other anew");
}
