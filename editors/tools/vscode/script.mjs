// Scripted turns: what a model would say. No model is called.
export const call = (name, input) => ({ type: "tool_use", name, input });
export const edit = (old_str, new_str) => ({ old_str, new_str, replace_all: false });
export const readFile = (path) => call("read_file", { path, start_line: null, end_line: null });
export const finish = (summary) => call("finish", { summary });
/** One turn; `expect`: words that the results of the turn before must hold. */
export const turn = (expect, content, more = {}) => ({
  expect: expect.map((contains) => ({ contains })),
  content,
  ...more,
});
export const script = (...turns) => ({ note: "scripted turns, no model was called", turns });
