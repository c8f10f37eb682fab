// Waiting for something to become so: a deadline, not a measure. Generous, because the machine may be busy.
export const patienceMs = 60_000;

export async function until(condition, what, ms = patienceMs) {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
