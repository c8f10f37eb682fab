/** Earlier tasks, newest first; each stands once. */

const most = 50;

export function remembered(earlier: readonly string[], task: string): string[] {
  return [task, ...earlier.filter((one) => one !== task)].slice(0, most);
}
